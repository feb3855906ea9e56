import { crc32 } from 'node:zlib'
import { archiveErrors, quotePath } from './archives.errors.ts'
import { decodeCp437 } from './cp437.ts'

export interface RawName {
  readonly bytes: Uint8Array
  /** The flag that says the name is UTF-8. */
  readonly isUtf8: boolean
  /** The content of Info-ZIP's Unicode path extra field (0x7075); null without one. */
  readonly unicodePath: Uint8Array | null
  /** The system that the archive was packed on, by APPNOTE's numbers. */
  readonly hostSystem: number
}

/** Systems whose names are UTF-8 though the flag is often not set: Unix, and macOS. */
const utf8Hosts = [3, 19]
const pathBytesMax = 1024
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The path that a name stands for. Throws `archive.path_too_long` and `archive.path_unsafe`. */
export function decodePath(name: RawName): string {
  const path = decodeName(name)
  if (name.bytes.length > pathBytesMax || path.length > pathBytesMax) {
    throw archiveErrors.createError(
      'archive.path_too_long',
      `The path of the entry ${quotePath(path)} has ${Math.max(name.bytes.length, path.length)} bytes; at most ${pathBytesMax} are taken. Shorten the names of its folders.`,
      { path: path.slice(0, pathBytesMax), limitBytes: pathBytesMax },
    )
  }
  ensureSafe(path)
  return path
}

function decodeName({ bytes, isUtf8, unicodePath, hostSystem }: RawName): string {
  const unicode = unicodePath && decodeUnicodePath(unicodePath, bytes)
  if (unicode) return unicode
  const mayBeUtf8 = isUtf8 || utf8Hosts.includes(hostSystem)
  return (mayBeUtf8 ? decodeUtf8(bytes) : null) ?? decodeCp437(bytes)
}

/** Null where the field is not about this name: a tool that knows nothing of it has renamed the entry. */
function decodeUnicodePath(field: Uint8Array, name: Uint8Array): string | null {
  if (field.length < 5 || field[0] !== 1) return null
  if (Buffer.from(field).readUInt32LE(1) !== crc32(name)) return null
  return decodeUtf8(field.subarray(5))
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}

function ensureSafe(path: string): void {
  const problem = findProblem(path)
  if (!problem) return
  throw archiveErrors.createError(
    'archive.path_unsafe',
    `The archive has an entry named ${quotePath(path)}, which ${problem}. Names must be relative paths with '/' between folders; rename it and pack the archive again.`,
    { path },
  )
}

function findProblem(path: string): string | null {
  if (path === '') return 'is no name'
  if (/\p{Cc}/u.test(path)) return 'has a control character in it'
  if (path.includes('\\')) return 'has a backslash in it'
  if (path.startsWith('/')) return 'is absolute'
  if (/^[A-Za-z]:/.test(path)) return 'begins with a drive'
  if (path.split('/').includes('..')) return "leads out of its folder by '..'"
  return null
}
