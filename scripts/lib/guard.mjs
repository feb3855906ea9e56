/**
 * Outlives the process that started it, however that one ends. It hears of process groups on its input
 * (`+123` started, `-123` ended) and, when the input closes, ends those that are left.
 */
import { createInterface } from 'node:readline'
import { stopGroups } from './process-groups.mjs'

const graceMs = 3_000
/** @type {Set<number>} */
const groups = new Set()

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {})
}
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const group = Number(line.slice(1))
    if (line.startsWith('+')) groups.add(group)
    else groups.delete(group)
  })
  .on('close', async () => {
    await stopGroups([...groups], graceMs)
    process.exit(0)
  })
