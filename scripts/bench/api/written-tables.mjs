import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Refusal } from '../../lib/say.mjs'

const begin = '<!-- the tables of a run begin -->\n'
const end = '<!-- the tables of a run end -->'

/** Throws a Refusal where a document has no place for tables. @param {string} file */
export function ensureTablesOrThrow(file) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (text.includes(begin) && text.indexOf(end) > text.indexOf(begin)) return
  throw new Refusal(`--write names '${file}', which has no lines '${begin.trim()}' and '${end}'.`)
}

/** Puts a run's tables into a document in the place of those of an earlier run. @param {string} file @param {string} tables */
export function writeTables(file, tables) {
  const text = readFileSync(file, 'utf8')
  const [before, after] = [text.indexOf(begin) + begin.length, text.indexOf(end)]
  writeFileSync(file, `${text.slice(0, before)}\n${tables.trim()}\n\n${text.slice(after)}`)
}
