/**
 * `npm run scale`: the tables of docs/costs.md and docs/scale.md, computed from what was counted (scripts/scale/counts.json),
 * the limits and the prices. `npm run scale -- --write` writes them into those pages.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fromRoot } from './lib/paths.mjs'
import { say } from './lib/say.mjs'
import { fillPage } from './scale/markdown.mjs'
import { createTables } from './scale/tables.mjs'

const measured = JSON.parse(readFileSync(fromRoot('scripts', 'scale', 'counts.json'), 'utf8'))
const tables = createTables(measured)
if (process.argv.includes('--write')) {
  for (const name of ['costs', 'scale', 'deploy']) {
    const page = fromRoot('docs', `${name}.md`)
    writeFileSync(page, fillPage(readFileSync(page, 'utf8'), tables))
    say(`docs/${name}.md is written.`)
  }
} else {
  for (const [name, text] of Object.entries(tables)) say(`${name}\n\n${text}\n`)
}
