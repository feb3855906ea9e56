import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fromRoot, scratchFolder } from '../lib/paths.mjs'
import { formatSeconds, formatTail, Refusal, say } from '../lib/say.mjs'
import { playStories } from './play.mjs'

/**
 * @typedef {object} Edit
 * @property {string} file
 * @property {string} text stands in the file once
 * @property {string} without what stands there when the guard is gone
 *
 * @typedef {object} Guard
 * @property {string} name what it keeps out
 * @property {readonly Edit[]} edits
 */

/** @type {readonly Guard[]} */
export const guards = JSON.parse(
  readFileSync(fromRoot('scripts', 'simulate', 'guards.json'), 'utf8'),
)

const copied = ['src', 'test', 'migrations', 'wrangler.toml', 'vitest.config.ts', 'tsconfig.json']
/** How many of the calls fail: many, so that a few stories come across everything. */
const faultRate = '0.08'

const linked = ['node_modules', 'package.json', 'worker-configuration.d.ts']

/**
 * Takes out each guard in turn, in a copy of the tree, and plays stories until one is broken; prints a table.
 * @param {{ from: number, count: number, only: string }} stories those of the guards whose names hold `only`
 * @returns {Promise<number>} 1 where a guard was missed by no story
 */
export async function removeGuards({ from, count, only }) {
  say('| guard taken out | stories until one broke | what broke |\n| --- | --- | --- |')
  let missed = 0
  for (const guard of guards.filter(({ name }) => name.includes(only))) {
    const startedMs = Date.now()
    const folder = createCopy(guard)
    const { told, failure } = await playStories({
      folder,
      from,
      count,
      faultRate,
      untilBroken: true,
    })
    rmSync(folder, { recursive: true })
    const last = told.at(-1)
    if (failure !== null) {
      say(`| ${guard.name} | the run broke | ${formatTail(failure, 3).replaceAll('\n', ' ')} |`)
      missed += 1
    } else if (!last?.broken.length) {
      say(`| ${guard.name} | none of ${told.length} | (${formatSeconds(startedMs)}) |`)
      missed += 1
    } else say(`| ${guard.name} | ${told.length} | ${shorten(last.broken[0] ?? '')} |`)
  }
  return missed > 0 ? 1 : 0
}

/** @param {Guard} guard */
function createCopy(guard) {
  const folder = path.join(scratchFolder, 'without-a-guard')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const name of copied) cpSync(fromRoot(name), path.join(folder, name), { recursive: true })
  for (const name of linked) symlinkSync(fromRoot(name), path.join(folder, name))
  for (const edit of guard.edits) {
    writeFileSync(path.join(folder, edit.file), takeOut(edit, folder))
  }
  return folder
}

/**
 * The file's text after the edit.
 * @param {Edit} edit
 * @param {string} [folder] where the tree is
 */
export function takeOut({ file, text, without }, folder = fromRoot()) {
  const parts = readFileSync(path.join(folder, file), 'utf8').split(text)
  if (parts.length === 2) return parts.join(without)
  throw new Refusal(
    `'${text}' stands ${parts.length - 1} times in ${file}, not once: bring scripts/simulate/guards.json up to date.`,
  )
}

/** @param {string} sentence */
const shorten = (sentence) =>
  sentence
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…')
    .replaceAll('|', '/')
    .slice(0, 140)
