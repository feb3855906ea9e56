import {
  createCorruptError,
  ensureSize,
  type PairFile,
  type StillLimits,
} from './still-refusals.ts'

export interface PngHeader {
  readonly width: number
  readonly height: number
  readonly bitDepth: number
  /** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha. */
  readonly colourType: number
  readonly isInterlaced: boolean
}

/** What the chunks before the image data say of its colours. */
export interface PngColours {
  /** Red, green and blue of each entry. */
  palette: Uint8Array | null
  /** Alphas of the first palette entries, or the one transparent colour in 16-bit samples. */
  transparency: Uint8Array | null
}

/** A reduced picture in the image data: the whole one, or one of the seven of an interlaced file. */
export interface PngPass {
  readonly width: number
  readonly height: number
  /** Bytes of a row, without the filter type before it. */
  readonly rowBytes: number
}

const channelsByColourType: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const bitDepthsByColourType: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}

/** Adam7: where each pass begins and how far apart its pixels are. */
const adam7 = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
]

/** The 13 bytes of IHDR (PNG, third edition, 11.2.1); refuses sizes and combinations that the format does not know. */
export function readPngHeader(bytes: Uint8Array, limits: StillLimits): PngHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = { width: view.getUint32(0), height: view.getUint32(4) }
  const [bitDepth = 0, colourType = 0, compression, filter, interlace = 0] = bytes.subarray(8)
  if (!bitDepthsByColourType[colourType]?.includes(bitDepth)) {
    throw createCorruptError(
      limits.file,
      `its header says bit depth ${bitDepth} with colour type ${colourType}, which PNG does not know`,
    )
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw createCorruptError(
      limits.file,
      `its header says compression ${compression}, filter ${filter}, interlace ${interlace}, which PNG does not know`,
    )
  }
  ensureSize(limits, size)
  return { ...size, bitDepth, colourType, isInterlaced: interlace === 1 }
}

export function ensurePalette(
  file: PairFile,
  { bitDepth, colourType }: PngHeader,
  palette: Uint8Array | null,
): void {
  if (palette === null) {
    if (colourType === 3) throw createCorruptError(file, 'its palette is missing')
    return
  }
  const entries = palette.length / 3
  const entriesMax = colourType === 3 ? 2 ** bitDepth : 256
  if (!Number.isInteger(entries) || entries < 1 || entries > entriesMax) {
    throw createCorruptError(
      file,
      `its palette has ${palette.length} bytes; ${entriesMax} colours are the most`,
    )
  }
}

export function channelsOf({ colourType }: PngHeader): number {
  return channelsByColourType[colourType] as number
}

export function passesOf(header: PngHeader): PngPass[] {
  const bits = channelsOf(header) * header.bitDepth
  const createPass = (width: number, height: number) => ({
    width,
    height,
    rowBytes: Math.ceil((width * bits) / 8),
  })
  if (!header.isInterlaced) return [createPass(header.width, header.height)]
  return adam7
    .map(({ x, y, dx, dy }) =>
      createPass(Math.ceil((header.width - x) / dx), Math.ceil((header.height - y) / dy)),
    )
    .filter((pass) => pass.width > 0 && pass.height > 0)
}

/** How many bytes the image data inflates to: every row with its filter type. */
export function rawBytesOf(passes: readonly PngPass[]): number {
  return passes.reduce((sum, pass) => sum + pass.height * (1 + pass.rowBytes), 0)
}
