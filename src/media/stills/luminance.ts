/** How many pixels have each of the 256 levels of luminance. */
export type Histogram = Uint32Array<ArrayBuffer>

export function createHistogram(): Histogram {
  return new Uint32Array(256)
}

/** Luminance by Rec. 601 in 15-bit fixed point, rounded. */
export function luminanceOf(red: number, green: number, blue: number): number {
  return (red * 9798 + green * 19235 + blue * 3735 + 16384) >> 15
}

/** A level laid over black. */
export function dim(level: number, alpha: number): number {
  return alpha === 255 ? level : Math.round((level * alpha) / 255)
}

/** The nearest 8-bit level of a 16-bit one: 65535 becomes 255. */
export function narrow(level16: number): number {
  return (level16 * 255 + 32_895) >>> 16
}

/** Counts the levels of decoded pixels, four bytes each: red, green, blue, alpha. */
export function countPixels(histogram: Histogram, pixels: Uint8ClampedArray | Uint8Array): void {
  const length = pixels.length
  for (let i = 0; i < length; i += 4) {
    const level = luminanceOf(pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number)
    const alpha = pixels[i + 3] as number
    const dimmed = alpha === 255 ? level : dim(level, alpha)
    histogram[dimmed] = (histogram[dimmed] as number) + 1
  }
}
