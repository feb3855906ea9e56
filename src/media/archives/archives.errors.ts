import { defineErrors } from '../../shared/errors.ts'
import type { ArchiveEntry } from './archive.model.ts'

export const archiveErrors = defineErrors({
  'archive.malformed': 400,
  'archive.multi_disk': 400,
  'archive.directory_too_large': 400,
  'archive.too_many_entries': 400,
  'archive.too_large_inflated': 400,
  'archive.ratio_too_high': 400,
  'archive.entries_overlap': 400,
  'archive.path_unsafe': 400,
  'archive.path_too_long': 400,
  'archive.link': 400,
  'archive.encrypted': 400,
  'archive.method_unsupported': 400,
  'archive.entry_damaged': 400,
})

const quotedCharactersMax = 120

/** A path as a message may show it: short, on one line, without characters that hide others. */
export function quotePath(path: string): string {
  const shown = path.length > quotedCharactersMax ? `${path.slice(0, quotedCharactersMax)}…` : path
  const escaped = shown.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
  return `'${escaped}'`
}

/** `problem` goes on after "is damaged:" and says what is wrong, with values. */
export function createMalformedError(problem: string, details: Record<string, unknown> = {}) {
  return archiveErrors.createError(
    'archive.malformed',
    `The archive is damaged: ${problem}. Pack it again as an ordinary ZIP, or send another copy.`,
    details,
  )
}

/** `problem` goes on after "is damaged:" and says what is wrong, with values. */
export function createEntryDamagedError({ path }: ArchiveEntry, problem: string) {
  return archiveErrors.createError(
    'archive.entry_damaged',
    `The entry ${quotePath(path)} of the archive is damaged: ${problem}. Pack the archive again, or send another copy.`,
    { path },
  )
}
