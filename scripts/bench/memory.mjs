import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Refusal } from '../lib/say.mjs'

/**
 * @typedef {object} Measured
 * @property {string} name
 * @property {number} pid
 *
 * @typedef {object} Reading in megabytes
 * @property {number} resident now
 * @property {number} anonymous what the process wrote, without the programs and files that it maps
 * @property {number} peak the most that was resident since `resetPeaks`, kept by the kernel
 */

/** Told by its command line: Miniflare runs one process that listens, and one with the Worker, R2, D1 and the queues. */
const roles = [
  { name: 'Worker + simulators', pattern: /workerd serve.*entry=127\.0\.0\.1:0 / },
  { name: 'listener', pattern: /workerd serve/ },
  { name: 'wrangler', pattern: /wrangler-dist/ },
  { name: 'inference service', pattern: /inpainting serve|multiprocessing/ },
]

/** The processes that a process has started, with theirs, which have a role. @param {number} root @returns {Measured[]} */
export function listProcesses(root) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)))
  const family = new Set([root])
  for (const pid of family) for (const one of all) if (one.parent === pid) family.add(one.pid)
  const found = all
    .filter(({ pid }) => family.has(pid))
    .flatMap(({ pid, command }) => {
      const role = roles.find(({ pattern }) => pattern.test(command))
      return role ? [{ name: role.name, pid }] : []
    })
  if (found.some(({ name }) => name === 'Worker + simulators')) return found
  throw new Refusal(
    'No workerd was found among the processes: this bench needs the /proc of Linux.',
  )
}

/** @param {number} pid @returns {{ pid: number, parent: number, command: string }[]} */
function readProcess(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return [{ pid, parent, command }]
  } catch {
    return []
  }
}

/** @param {readonly Measured[]} processes */
export function resetPeaks(processes) {
  for (const { pid } of processes) writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** @param {Measured} process @returns {Reading} */
export function readMemory({ pid }) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return {
    resident: readMegabytes(status, 'VmRSS'),
    anonymous: readMegabytes(rollup, 'Anonymous'),
    peak: readMegabytes(status, 'VmHWM'),
  }
}

/** @param {string} text @param {string} name */
function readMegabytes(text, name) {
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]
  return Math.round(Number(kibibytes) / 1024)
}
