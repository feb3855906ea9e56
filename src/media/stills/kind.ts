import type { StoredExtension } from '../keys.ts'

export type FileKind = 'picture' | 'video' | 'zip'
export type StillFormat = 'png' | 'jpeg' | 'webp'

export interface FileFormat {
  readonly kind: FileKind
  readonly format: StillFormat | 'mp4' | 'mov' | 'avi' | 'matroska' | 'webm' | 'zip'
  readonly contentType: string
  readonly extension: StoredExtension
}

/** How many of a file's first bytes decide its kind; fewer do where the file has fewer. */
export const headBytes = 64

const png = createFormat('picture', 'png', 'image/png', 'png')
const jpeg = createFormat('picture', 'jpeg', 'image/jpeg', 'jpg')
const webp = createFormat('picture', 'webp', 'image/webp', 'webp')
const mp4 = createFormat('video', 'mp4', 'video/mp4', 'mp4')
const mov = createFormat('video', 'mov', 'video/quicktime', 'mov')
const avi = createFormat('video', 'avi', 'video/x-msvideo', 'avi')
const matroska = createFormat('video', 'matroska', 'video/x-matroska', 'mkv')
const webm = createFormat('video', 'webm', 'video/webm', 'webm')
const zip = createFormat('zip', 'zip', 'application/zip', 'zip')

/** ISO media files that hold still pictures, which nothing here reads: AVIF, HEIF and Canon's raw photos. */
const pictureBrands = [
  ...['avif', 'avis', 'heic', 'heix', 'heim', 'heis', 'heif', 'hevc', 'mif1', 'msf1'],
  'crx ',
]
const quickTimeAtoms = ['moov', 'mdat', 'wide', 'free', 'skip', 'pnot']

/** What a file is by its first bytes, whatever its name says; null for what is not taken. */
export function detectFormat(head: Uint8Array): FileFormat | null {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1')
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return png
  if (text.startsWith('\xff\xd8\xff')) return jpeg
  if (text.startsWith('RIFF')) return detectRiff(text.slice(8, 12))
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06')) return zip
  if (text.startsWith('\x1a\x45\xdf\xa3')) return text.includes('webm') ? webm : matroska
  return detectIsoMedia(text.slice(4, 8), text.slice(8, 12))
}

function detectRiff(form: string): FileFormat | null {
  if (form === 'WEBP') return webp
  return form === 'AVI ' ? avi : null
}

function detectIsoMedia(atom: string, brand: string): FileFormat | null {
  if (quickTimeAtoms.includes(atom)) return mov
  if (atom !== 'ftyp' || brand.length < 4 || pictureBrands.includes(brand)) return null
  return brand === 'qt  ' ? mov : mp4
}

function createFormat(
  kind: FileKind,
  format: FileFormat['format'],
  contentType: string,
  extension: StoredExtension,
): FileFormat {
  return { kind, format, contentType, extension }
}
