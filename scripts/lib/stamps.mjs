import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** A fingerprint of files and of the files in folders: names and content. @param {...string} places */
export function fingerprint(...places) {
  const hash = createHash('sha256')
  for (const file of places.flatMap(listFiles)) {
    hash
      .update(`${path.basename(file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  }
  return hash.digest('hex')
}

/** Whether the stamp says that work on this input is done. @param {string} stamp @param {string} input */
export const isStamped = (stamp, input) =>
  existsSync(stamp) && readFileSync(stamp, 'utf8') === input

/** @param {string} stamp @param {string} input */
export function writeStamp(stamp, input) {
  mkdirSync(path.dirname(stamp), { recursive: true })
  writeFileSync(stamp, input)
}

/** @param {string} place @returns {string[]} */
function listFiles(place) {
  try {
    return readdirSync(place)
      .sort()
      .flatMap((name) => listFiles(path.join(place, name)))
  } catch {
    return [place]
  }
}
