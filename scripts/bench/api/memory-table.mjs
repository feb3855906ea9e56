import { readFileSync } from 'node:fs'
import { readMemory, resetPeaks } from '../memory.mjs'
import { listFamily } from './processor-time.mjs'

/** @typedef {Pick<import('./stage.mjs').Stage, 'product' | 'floor' | 'inference'>} Watched */

/** Told by its command line: Miniflare is a process of Node, which runs one with the Workers, R2, D1 and the queues. */
const roles = [
  { name: 'Worker and simulators', pattern: /workerd serve/ },
  { name: 'Miniflare', pattern: /server\.process\.mjs/ },
  { name: 'inference service, one process', pattern: /inpainting serve|multiprocessing/ },
]

/** Peaks count from here on. @param {Watched} watched */
export function watchMemory(watched) {
  resetPeaks(listWatched(watched))
}

/** What each process takes after the load. @param {Watched} watched @returns {import('./report.mjs').Section} */
export function tellMemory(watched) {
  const rows = listWatched(watched).map((one) => {
    const { resident, anonymous, peak } = readMemory(one)
    return {
      cells: {
        process: one.name,
        'resident MB': resident,
        'written by it MB': anonymous,
        'peak MB': peak,
      },
    }
  })
  return {
    title: 'Memory',
    rows,
    notes: [
      'After the load, and the peak while it lasted; an isolate has a heap of 128 MB at most. What a process maps without writing ' +
        'to it, its program and files, is resident and not written.',
    ],
  }
}

/** @param {Watched} watched */
function listWatched({ product, floor, inference }) {
  return [
    ...listRoles(product.pid, ''),
    ...listRoles(floor.pid, ' of the floor'),
    ...listRoles(inference.pid, ''),
  ]
}

/** @param {number} root @param {string} suffix */
function listRoles(root, suffix) {
  return listFamily(root).flatMap((pid) => {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    const role = roles.find(({ pattern }) => pattern.test(command))
    return role ? [{ name: role.name + suffix, pid }] : []
  })
}
