import { defineErrors } from '../../shared/errors.ts'
import type { ArchiveEntry } from './archive.model.ts'

export const archiveErrors = defineErrors({
  'archive.malformed': {
    status: 400,
    meaning:
      'The ZIP archive is damaged or not quite a ZIP: its directory is missing, cut off, or says what cannot be. `message` tells what was found and where.',
    remedy:
      'Test it on your side (`unzip -t archive.zip`). Download or pack it again as an ordinary ZIP, with nothing in front of it or behind it, such as a self-extracting program, and send it again. Nothing was stored and nothing was charged.',
  },
  'archive.multi_disk': {
    status: 400,
    meaning:
      'The file is one part of an archive that was split into several files. `entriesOnDisk` of `entries` are in it, or `disk` is the part that it refers to.',
    remedy:
      'Join the parts into one ZIP file, or pack anew without splitting; files of up to 5 GB can be sent in parts by `POST /api/uploads`. Nothing was stored and nothing was charged.',
  },
  'archive.directory_too_large': {
    status: 400,
    meaning:
      "The list of the archive's files is longer than is read: `bytes` for `entries` entries, where `limitBytes` (16 MiB) is the most.",
    remedy:
      'Split the archive into several, or shorten the paths in it and leave out comments and extra fields when you pack it. Nothing was stored and nothing was charged.',
  },
  'archive.too_many_entries': {
    status: 400,
    meaning:
      'The archive holds more files and folders than are taken: `entries` of them, where `limitEntries` (`ARCHIVE_ENTRIES_MAX`, 20000 unless told otherwise) is the most. Files that are no pictures count as well.',
    remedy:
      'Split it into several archives and send each by itself into the same dataset. Nothing was stored and nothing was charged.',
  },
  'archive.too_large_inflated': {
    status: 400,
    meaning:
      "Unpacked, the archive's files would be larger than is taken. `inflatedBytes` is their sum up to the entry `path`, `limitBytes` the most (`ARCHIVE_INFLATED_BYTES_MAX`, 20 GB unless told otherwise).",
    remedy:
      'Split it into several archives, or leave out what is neither picture, video nor mask. Nothing was stored and nothing was charged.',
  },
  'archive.ratio_too_high': {
    status: 400,
    meaning:
      'The archive, or one file in it, unpacks to so many times its size that it is taken for a trap: `compressedBytes` become `bytes`, and more than `limitRatio` times (`ARCHIVE_RATIO_MAX`, 200 unless told otherwise) is refused above 4 MiB.',
    remedy:
      'Pack the files without compression (`zip -0`): pictures and videos are compressed already. Very plain bitmaps are best saved as PNG before packing. Nothing was stored and nothing was charged.',
  },
  'archive.entries_overlap': {
    status: 400,
    meaning:
      'Two entries of the archive claim the same bytes of it, which an honest packer never writes. `path` is the entry that reaches into another or into the directory.',
    remedy:
      'Unpack it and pack the files again with an ordinary ZIP program. Nothing was stored and nothing was charged.',
  },
  'archive.path_unsafe': {
    status: 400,
    meaning:
      "An entry's path would lead out of the folder that the archive is unpacked into, or holds what no path may. `path` is that entry, `message` says what is wrong with it.",
    remedy:
      'Pack the files from inside their folder, so that paths are relative, such as `scans/image_1.png`, without `..`, drive letters and control characters. Nothing was stored and nothing was charged.',
  },
  'archive.path_too_long': {
    status: 400,
    meaning:
      'The path of an entry is longer than `limitBytes` (1024) bytes. `path` is its beginning.',
    remedy:
      'Shorten the names of the file and its folders, or pack from further down in the tree. Nothing was stored and nothing was charged.',
  },
  'archive.link': {
    status: 400,
    meaning:
      'An entry is a symbolic link, a device or something else that is neither a file nor a folder. `path` is that entry.',
    remedy:
      'Put the file itself into the archive in place of the link; most packers follow links unless told to keep them (with `zip` leave `-y` out). Nothing was stored and nothing was charged.',
  },
  'archive.encrypted': {
    status: 400,
    meaning:
      'An entry of the archive is encrypted with a password, which the API has no way to be told. `path` is that entry.',
    remedy:
      'Pack the files without a password; they travel encrypted by HTTPS in any case. Nothing was stored and nothing was charged.',
  },
  'archive.method_unsupported': {
    status: 400,
    meaning:
      'An entry is compressed by a method that is not read here. `path` is that entry, `method` the number of its method in the ZIP format; 0 (stored) and 8 (Deflate) are taken.',
    remedy:
      'Choose "Deflate", "Store" or "compatible" in your packer, in place of LZMA, BZip2, Zstandard or Deflate64, and send the archive again. Nothing was stored and nothing was charged.',
  },
  'archive.entry_damaged': {
    status: 400,
    meaning:
      'One file inside the archive is damaged: its checksum is wrong, its compressed data is broken, or its own header contradicts the directory. `path` is that entry. In an archive with other pairs only this one is rejected, and `upload.report` says so.',
    remedy:
      'Test the archive on your side (`unzip -t archive.zip`), pack the file again from a whole copy, and send it. Nothing is charged for a file that is rejected.',
  },
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
