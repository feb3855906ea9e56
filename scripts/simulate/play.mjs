import { spawn } from 'node:child_process'
import path from 'node:path'
import { fromRoot } from '../lib/paths.mjs'

/**
 * @typedef {object} Told what one story told of itself
 * @property {string} seed
 * @property {Record<string, number>} faults
 * @property {number} actionCount
 * @property {Record<string, number>} made
 * @property {number} endedAfterMs
 * @property {number} calls
 * @property {readonly string[]} broken
 */

/**
 * Plays the stories `from` to `from + count - 1` of the tree in `folder`, in one runtime; ends early after the first broken one
 * where `untilBroken`. Answers those that were played, and the end of the output where the run itself broke.
 * @param {{ folder?: string, from: number, count: number, faultRate?: string, untilBroken?: boolean, onTold?: (told: Told) => void }} run
 * @returns {Promise<{ told: Told[], failure: string | null }>}
 */
export async function playStories({
  folder = fromRoot(),
  from,
  count,
  faultRate = '',
  untilBroken,
  onTold,
}) {
  const vitest = fromRoot('node_modules', '.bin', 'vitest')
  const node = path.dirname(fromRoot('node_modules', '.bin', 'node'))
  const child = spawn(vitest, ['run', 'test/simulation', ...(untilBroken ? ['--bail', '1'] : [])], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${node}${path.delimiter}${process.env.PATH}`,
      STORIES_FROM: String(from),
      STORIES: String(count),
      STORIES_FAULTS: faultRate,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  /** @type {Told[]} */
  const told = []
  let rest = ''
  let output = ''
  child.stdout.setEncoding('utf8')
  for await (const chunk of child.stdout) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    output = (output + chunk).slice(-4000)
    for (const line of lines) {
      const start = line.indexOf('{"seed":')
      if (start < 0) continue
      /** @type {Told} */
      const story = JSON.parse(line.slice(start))
      if (Number.isNaN(Number(story.seed))) continue
      told.push(story)
      onTold?.(story)
    }
  }
  const code = await new Promise((resolve) => {
    if (child.exitCode !== null) resolve(child.exitCode)
    else child.once('exit', resolve)
  })
  const isBroken = told.some(({ broken }) => broken.length > 0)
  return { told, failure: code !== 0 && !isBroken ? output : null }
}
