import { stripVTControlCharacters } from 'node:util'

/** A failure that a person can act on: its message is the whole story, without a stack. */
export class Refusal extends Error {}

/** One line of progress. @param {string} line */
export const say = (line) => console.log(line)

/**
 * Says what is being done, reminds the reader every 15 seconds, and says how long it took.
 * @template T
 * @param {string} what for example "npm packages"
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function sayWhile(what, work) {
  const startedMs = Date.now()
  say(`${what} …`)
  const reminder = setInterval(() => say(`${what} … ${formatSeconds(startedMs)}`), 15_000)
  try {
    const result = await work()
    say(`${what}: done in ${formatSeconds(startedMs)}`)
    return result
  } finally {
    clearInterval(reminder)
  }
}

/** The time since then, such as "3.2 s". @param {number} startedMs */
export const formatSeconds = (startedMs) => `${((Date.now() - startedMs) / 1000).toFixed(1)} s`

/** The end of a command's output, indented, for the bottom of a message. @param {string} output @param {number} linesMax */
export function formatTail(output, linesMax = 20) {
  const lines = stripVTControlCharacters(output)
    .split('\n')
    .filter((line) => line.trim() !== '')
  if (lines.length === 0) return '  (nothing)'
  return lines
    .slice(-linesMax)
    .map((line) => `  ${line}`)
    .join('\n')
}
