import { writeFileSync } from 'node:fs'
import os from 'node:os'
import { say, sayWhile } from '../lib/say.mjs'
import { measureGrowth } from './api/growth.mjs'
import { measureJobs } from './api/jobs.mjs'
import { measureLogins } from './api/logins.mjs'
import { tellMemory, watchMemory } from './api/memory-table.mjs'
import { readOptionsOrThrow } from './api/options.mjs'
import { measureReads } from './api/reads.mjs'
import { countGoals, formatSection } from './api/report.mjs'
import { withStage } from './api/stage.mjs'
import { measureUploads } from './api/uploads.mjs'
import { writeTables } from './api/written-tables.mjs'
import { measureZip } from './api/zip.mjs'

/** @type {Record<import('./api/options.mjs').Part, (stage: import('./api/stage.mjs').Stage) => Promise<import('./api/report.mjs').Section[]>>} */
const measures = {
  reads: measureReads,
  logins: measureLogins,
  uploads: measureUploads,
  zip: measureZip,
  jobs: measureJobs,
  growth: measureGrowth,
}

/**
 * Loads the built Worker over HTTP and prints tables, with the floor of the same run and the goals beside each figure.
 * docs/performance.md tells how it measures.
 * @param {string[]} args
 */
export async function run(args) {
  const options = readOptionsOrThrow(args)
  const machine = `${os.cpus().length} × ${os.cpus()[0]?.model}, load ${os.loadavg()[0]?.toFixed(2)}`
  const sections = await withStage(options, async (stage) => {
    const measured = []
    watchMemory(stage)
    for (const part of options.only) {
      measured.push(...(await sayWhile(part, () => measures[part](stage))))
    }
    return [...measured, tellMemory(stage)]
  })
  const goals = countGoals(sections)
  const when = new Date().toISOString().slice(0, 10)
  const tables = [
    `${when}, ${machine}; load ${os.loadavg()[0]?.toFixed(2)} at the end. ${goals.met} of ${goals.all} goals are met.\n`,
    ...sections.map(formatSection),
  ].join('\n')
  say(`\n${tables}`)
  if (options.write) writeTables(options.write, tables)
  if (options.json) {
    writeFileSync(options.json, `${JSON.stringify({ machine, goals, sections }, null, 2)}\n`)
  }
}
