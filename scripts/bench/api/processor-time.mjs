import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { Refusal } from '../../lib/say.mjs'

/** What Linux counts processor time in, everywhere that Node runs. */
const ticksPerSecond = 100

/** A process and all that it has started. @param {number} root @returns {number[]} */
export function listFamily(root) {
  if (!existsSync('/proc/self/stat')) throw new Refusal('This bench needs the /proc of Linux.')
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), Number(readStat(Number(name))[1])]),
  )
  const family = [root]
  for (const pid of family)
    for (const [one, parent] of parents) if (parent === pid) family.push(one)
  return family
}

/** The processor time of processes so far, in milliseconds. @param {readonly number[]} pids */
export function readProcessorMs(pids) {
  const ticks = pids.flatMap((pid) => readStat(pid).slice(11, 13)).map(Number)
  return (ticks.reduce((sum, each) => sum + each, 0) * 1000) / ticksPerSecond
}

/** From the third field on: the second is the program's name, which may hold spaces. @param {number} pid */
function readStat(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}
