import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { fromRoot, inferenceFolder, pythonProgram } from '../lib/paths.mjs'

/** @typedef {{ name: string, bytes: Buffer<ArrayBuffer> }} MediaFile */
/** @typedef {{ image: MediaFile, mask: MediaFile }} Pair */

/** @param {string} name @returns {MediaFile} */
const readSample = (name) => ({ name, bytes: readFileSync(fromRoot('docs', 'samples', name)) })

/** Real pictures with what is to be removed from them. @type {readonly Pair[]} */
export const pairs = [
  { image: readSample('chelsea-scratch.png'), mask: readSample('chelsea-scratch-mask.png') },
  { image: readSample('rocket.jpg'), mask: readSample('rocket-object-mask.png') },
  { image: readSample('coffee-text.jpg'), mask: readSample('coffee-text-mask.png') },
]

/** @param {Uint8Array} bytes */
export const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** The hashes of all that is uploaded as it is. */
export const knownHashes = new Set(
  pairs.flatMap(({ image, mask }) => [hashOf(image.bytes), hashOf(mask.bytes)]),
)

/** How long the film is, and how many of its frames are taken each second. */
const filmSeconds = 2
export const filmFps = 2
export const filmFrames = filmSeconds * filmFps

/** A film with its mask's film. @returns {Promise<Pair>} */
export async function makeFilm() {
  const folder = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-film-'))
  try {
    const program = path.join(inferenceFolder, 'scripts', 'make_media.py')
    const words = [program, 'clip', folder, '--seconds', String(filmSeconds)]
    await promisify(execFile)(pythonProgram, words)
    /** @param {string} name */
    const read = (name) => ({ name, bytes: readFileSync(path.join(folder, name)) })
    return { image: read('clip.mp4'), mask: read('clip-mask.mp4') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** An archive of pairs, stored and not deflated (APPNOTE.TXT 4.3). @param {readonly Pair[]} chosen */
export function makeArchive(chosen) {
  const files = chosen.flatMap(({ image, mask }, index) => [
    { name: `photos/${index + 1}${path.extname(image.name)}`, bytes: image.bytes },
    { name: `photos/${index + 1}_mask${path.extname(mask.name)}`, bytes: mask.bytes },
  ])
  const parts = []
  const directory = []
  let offset = 0
  for (const { name, bytes } of files) {
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt32LE(0x00210000, 6)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(bytes.length, 14)
    common.writeUInt32LE(bytes.length, 18)
    common.writeUInt16LE(name.length, 22)
    const entryEnd = Buffer.alloc(14)
    entryEnd.writeUInt32LE(offset, 10)
    const made = Buffer.from([20, 0])
    directory.push(Buffer.from('PK\x01\x02'), made, common, entryEnd, Buffer.from(name))
    const entry = [Buffer.from('PK\x03\x04'), common, Buffer.from(name), bytes]
    parts.push(...entry)
    offset += entry.reduce((sum, { length }) => sum + length, 0)
  }
  const listed = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(files.length, 4)
  end.writeUInt16LE(files.length, 6)
  end.writeUInt32LE(listed.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, listed, Buffer.from('PK\x05\x06'), end])
}
