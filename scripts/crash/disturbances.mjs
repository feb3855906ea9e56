import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal, say } from '../lib/say.mjs'

/** @typedef {import('./random.mjs').Random} Random */
/** @typedef {import('./stack.mjs').PartName} PartName */

/**
 * What happens to whom: killed with SIGKILL as it is, or restarted as a person does who stops it first.
 * @type {Readonly<Record<string, { parts: readonly PartName[], isClean: boolean }>>}
 */
const disturbances = {
  'kill-inference': { parts: ['inference'], isClean: false },
  'kill-worker': { parts: ['worker'], isClean: false },
  'kill-both': { parts: ['inference', 'worker'], isClean: false },
  'restart-inference': { parts: ['inference'], isClean: true },
  'restart-both': { parts: ['inference', 'worker'], isClean: true },
}

/** Kills, and a clean restart now and then. */
const drawn = [
  'kill-inference',
  'kill-inference',
  'kill-worker',
  'kill-worker',
  'kill-both',
  'kill-both',
  'kill-both',
  'restart-inference',
  'restart-both',
]

const calmMsMin = 1_000
const downMsMax = 3_000

/**
 * Disturbs the stack at random moments: as the plan says, or drawn until the time is over.
 * @param {{ stack: import('./stack.mjs').Stack, random: Random, plan: readonly string[] | null, endMs: number, calmMsMax: number }} options
 * @returns {Promise<{ name: string, atMs: number }[]>} each with when its parts were ended
 */
export async function disturb({ stack, random, plan, endMs, calmMsMax }) {
  const happened = []
  for (const name of plan ?? drawEndlessly(random)) {
    await sleep(calmMsMin + random.below(calmMsMax - calmMsMin))
    if (plan === null && Date.now() >= endMs) break
    const { parts, isClean } = findDisturbance(name)
    const atMs = Date.now()
    await Promise.all(parts.map((part) => stack.end(part, { isClean })))
    await sleep(random.below(Math.min(downMsMax, calmMsMax / 2)))
    const startingMs = Date.now()
    await Promise.all(parts.map((part) => stack.start(part)))
    happened.push({ name, atMs })
    say(
      `${name} (${happened.length}): away for ${((startingMs - atMs) / 1000).toFixed(1)} s, ` +
        `started in ${((Date.now() - startingMs) / 1000).toFixed(1)} s`,
    )
  }
  return happened
}

/** @param {string} name */
export function findDisturbance(name) {
  const disturbance = disturbances[name]
  if (disturbance) return disturbance
  throw new Refusal(`'${name}' cannot happen: choose from ${Object.keys(disturbances).join(', ')}.`)
}

/** @param {Random} random */
function* drawEndlessly(random) {
  for (;;) yield random.pick(drawn)
}
