import { readMedia } from './media.ts'

/** What is sent to `POST /api/datasets/data`; null leaves a file out. */
export interface Sent {
  readonly image: Uint8Array | null
  readonly mask: Uint8Array | null
  /** As the user calls it; with another format's ending where that is the point. */
  readonly imageName?: string
  readonly maskName?: string
  readonly contentType?: string
  readonly fps?: string
}

/** A file that is refused, and the sentence that the user needs. */
export interface RefusedCase extends Sent {
  readonly what: string
  readonly code: string
  readonly says: string | RegExp
  /** 400 where nothing else is said. */
  readonly status?: number
}

export type Refusal = readonly [code: string, says: string | RegExp, status?: number]

export const photo = readMedia('looks', 'rgb.png')
export const mask = readMedia('masks', 'grey.png')

export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

export const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** The file with other bytes at an offset. */
export function patch(file: Uint8Array, offset: number, ...bytes: number[]): Uint8Array {
  const changed = Uint8Array.from(file)
  changed.set(bytes, offset)
  return changed
}

/** Where a text of bytes begins in a file; throws where it does not. */
export function find(file: Uint8Array, text: string, from = 0): number {
  const offset = Buffer.from(file).indexOf(Buffer.from(text, 'latin1'), from)
  if (offset < 0) throw new Error(`${JSON.stringify(text)} is not in the file.`)
  return offset
}

export function refuseImage(
  what: string,
  image: Uint8Array | null,
  [code, says, status]: Refusal,
  more: Partial<Sent> = {},
): RefusedCase {
  return { what, image, mask, code, says, ...(status && { status }), ...more }
}

export function refuseMask(
  what: string,
  wrong: Uint8Array | null,
  [code, says, status]: Refusal,
  more: Partial<Sent> = {},
): RefusedCase {
  return { what, image: photo, mask: wrong, code, says, ...(status && { status }), ...more }
}

/** A file that is wrong in either place. `says` may hold `{file}` for the word that the message has for it. */
export function refuseBoth(
  what: string,
  file: Uint8Array,
  [code, says, status]: readonly [string, string, number?],
  more: Partial<Sent> = {},
): RefusedCase[] {
  const of = (name: 'image' | 'mask'): Refusal => {
    const sentence = says.replaceAll('{file}', name)
    return status === undefined ? [code, sentence] : [code, sentence, status]
  }
  return [
    refuseImage(`${what}, as image`, file, of('image'), more),
    refuseMask(`${what}, as mask`, file, of('mask'), more),
  ]
}
