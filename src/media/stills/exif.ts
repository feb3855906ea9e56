const orientationTag = 0x0112
const shortType = 3

/**
 * The orientation (1 to 8) in a TIFF structure as EXIF holds it; 1 where it is missing or broken, because EXIF is
 * written by everyone and broken by many, and a picture without it is upright.
 */
export function readOrientation(exif: Uint8Array): number {
  const tiff = startsWithText(exif, 'Exif\0\0') ? exif.subarray(6) : exif
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  const isLittleEndian = startsWithText(tiff, 'II*\0')
  if (!isLittleEndian && !startsWithText(tiff, 'MM\0*')) return 1
  if (tiff.length < 8) return 1
  const directory = view.getUint32(4, isLittleEndian)
  if (directory + 2 > tiff.length) return 1
  const entries = view.getUint16(directory, isLittleEndian)
  for (let index = 0; index < entries; index += 1) {
    const entry = directory + 2 + index * 12
    if (entry + 12 > tiff.length) return 1
    if (view.getUint16(entry, isLittleEndian) !== orientationTag) continue
    if (view.getUint16(entry + 2, isLittleEndian) !== shortType) return 1
    const orientation = view.getUint16(entry + 8, isLittleEndian)
    return orientation >= 1 && orientation <= 8 ? orientation : 1
  }
  return 1
}

/** Orientations 5 to 8 turn a picture on its side: upright it is as wide as it is stored high. */
export function turnSize(size: { width: number; height: number; orientation: number }) {
  return size.orientation >= 5
    ? { width: size.height, height: size.width }
    : { width: size.width, height: size.height }
}

function startsWithText(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.subarray(0, text.length)).toString('latin1') === text
}
