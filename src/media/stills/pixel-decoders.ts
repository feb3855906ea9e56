import createJpegModule from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js'
import jpegWasm from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'
import createWebpModule from '@jsquash/webp/codec/dec/webp_dec.js'
import webpWasm from '@jsquash/webp/codec/dec/webp_dec.wasm'

export interface Pixels {
  readonly width: number
  readonly height: number
  /** Red, green, blue and alpha of each pixel. */
  readonly data: Uint8ClampedArray
}

/** Decodes a whole picture; rejects where it cannot. */
export type DecodePixels = (file: Uint8Array) => Promise<Pixels>

interface Codec {
  decode(file: Uint8Array, ...options: readonly boolean[]): Pixels | null
}

type CreateCodec = (options: {
  noInitialRun: boolean
  printErr: (line: string) => void
  instantiateWasm: (
    imports: WebAssembly.Imports,
    onInstance: (instance: WebAssembly.Instance) => void,
  ) => WebAssembly.Exports
}) => Promise<Codec>

/** Up to here a codec is kept for the next picture. Its memory only grows, so one that had more to do is let go. */
const keptPixelsMax = 1_048_576

function createDecoder(
  createCodec: CreateCodec,
  wasm: WebAssembly.Module,
  options: readonly boolean[],
): DecodePixels {
  let codec: Promise<Codec> | null = null

  const open = () =>
    createCodec({
      noInitialRun: true,
      // What a codec says of a broken file is in the refusal; as a line of the log it would alarm.
      printErr: () => undefined,
      instantiateWasm(imports, onInstance) {
        const instance = new WebAssembly.Instance(wasm, imports)
        onInstance(instance)
        return instance.exports
      },
    })

  return async (file) => {
    codec ??= open()
    const opened = await codec
    let pixels: Pixels | null = null
    try {
      pixels = opened.decode(file, ...options)
    } finally {
      if (pixels === null || pixels.width * pixels.height > keptPixelsMax) codec = null
    }
    if (pixels === null) throw new Error('the codec gave no pixels')
    return pixels
  }
}

/** The codec's word for turning pixels as EXIF data say. They are counted as stored, by the size in their header. */
const preserveOrientation = false

export const pixelDecoders: Readonly<Record<'jpeg' | 'webp', DecodePixels>> = {
  jpeg: createDecoder(createJpegModule as unknown as CreateCodec, jpegWasm, [preserveOrientation]),
  webp: createDecoder(createWebpModule as unknown as CreateCodec, webpWasm, []),
}
