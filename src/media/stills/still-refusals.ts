import { mediaErrors } from '../media.errors.ts'

/** Which of the two files of a pair is checked; every refusal names it. */
export type PairFile = 'image' | 'mask'

/** What stays true of a picture whatever its format. */
export interface StillLimits {
  readonly file: PairFile
  readonly bytesMax: number
  readonly pixelsMax: number
}

export interface StillHeader {
  /** As stored. */
  readonly width: number
  readonly height: number
  /** EXIF's, 1 to 8; 1 where the file says nothing of use. */
  readonly orientation: number
}

/** The longest side that both formats of results can be written with: libjpeg's limit, just below the format's. */
const sideMax = 65_500

/** Refuses a size from the header, before memory is taken for it. */
export function ensureSize(
  { file, pixelsMax }: StillLimits,
  { width, height }: { width: number; height: number },
): void {
  if (width < 1 || height < 1) {
    throw createCorruptError(file, `its header says ${width}×${height} pixels`)
  }
  if (width * height <= pixelsMax && width <= sideMax && height <= sideMax) return
  throw mediaErrors.createError(
    'media.too_many_pixels',
    `The ${file} has ${width}×${height} = ${width * height} pixels; at most ${pixelsMax} pixels and ${sideMax} a side are taken. Scale it down.`,
    { file, width, height, pixels: width * height, limitPixels: pixelsMax, limitSide: sideMax },
  )
}

/** `problem` goes on after "is damaged:" and says what is wrong, with values. */
export function createCorruptError(file: PairFile, problem: string) {
  return mediaErrors.createError(
    'media.corrupt',
    `The ${file} is damaged: ${problem}. Save it again with a picture editor, or send another copy.`,
    { file },
  )
}

/** For a file cut into so many parts that reading them would take a processor's seconds. */
export function createTooManyPartsError(file: PairFile, partsMax: number, parts: string) {
  return createCorruptError(file, `it is cut into more than ${partsMax} ${parts}`)
}

export function createTruncatedError(file: PairFile, bytes: number) {
  return mediaErrors.createError(
    'media.truncated',
    `The ${file} ends too early, after ${bytes} bytes: the rest of the picture is missing. Upload it again, or send another copy.`,
    { file, receivedBytes: bytes },
  )
}

export function createTooLargeError(file: PairFile, bytesMax: number) {
  return mediaErrors.createError(
    'media.too_large',
    `The ${file} has more than ${bytesMax} bytes, which is the limit for one. Compress it or scale it down.`,
    { file, limitBytes: bytesMax },
  )
}

export function createEmptyError(file: PairFile) {
  return mediaErrors.createError(
    'media.empty',
    `The ${file} is empty (0 bytes). Upload it again.`,
    { file },
  )
}

export function createAnimatedError(file: PairFile, format: string) {
  return mediaErrors.createError(
    'media.animated',
    `The ${file} is an animated ${format}. Send one of its frames as a still picture.`,
    { file },
  )
}

/** The original's sentence, which its clients know; `reason` goes with it as a detail. */
const unsupported = 'File type not supported. Supported formats: JPEG, PNG, MP4, AVI, ZIP.'

/** For a file of a known format in a variety that is not taken; `reason` says which, after the original's sentence. */
export function createUnsupportedError(file: PairFile, reason: string) {
  return mediaErrors.createError('media.kind_unsupported', `${unsupported} ${reason}`, { file })
}

export function createUnknownKindError(file: PairFile) {
  const reason = `By its first bytes the ${file} is none of these, whatever its name says.`
  return mediaErrors.createError('media.kind_unsupported', unsupported, { file, reason })
}
