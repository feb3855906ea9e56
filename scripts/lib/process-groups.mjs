import { setTimeout as sleep } from 'node:timers/promises'

/** @param {number} group @param {NodeJS.Signals | 0} signal @returns {boolean} whether anyone was there to get it */
export function signalGroup(group, signal) {
  try {
    process.kill(-group, signal)
    return true
  } catch {
    return false
  }
}

/** @param {number} group */
export const isGroupAlive = (group) => group > 0 && signalGroup(group, 0)

/**
 * Ends process groups: SIGTERM, and SIGKILL for what is left after the grace.
 * @param {readonly number[]} groups
 * @param {number} graceMs
 */
export async function stopGroups(groups, graceMs) {
  const alive = groups.filter((group) => signalGroup(group, 'SIGTERM'))
  const deadlineMs = Date.now() + graceMs
  while (alive.some(isGroupAlive) && Date.now() < deadlineMs) await sleep(30)
  const stubborn = alive.filter((group) => signalGroup(group, 'SIGKILL'))
  for (let tries = 0; stubborn.some(isGroupAlive) && tries < 30; tries += 1) await sleep(30)
}
