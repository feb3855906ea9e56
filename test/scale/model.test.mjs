import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { fromRoot } from '../../scripts/lib/paths.mjs'
import { findBottlenecks, listLimits } from '../../scripts/scale/limits.mjs'
import { largeLoad } from '../../scripts/scale/loads.mjs'
import { fillPage } from '../../scripts/scale/markdown.mjs'
import {
  costOfItems,
  costOfMillionImages,
  countsOfInference,
  countsPerItem,
  hostsNeeded,
} from '../../scripts/scale/model.mjs'
import { cloudflare } from '../../scripts/scale/prices.mjs'
import { createTables } from '../../scripts/scale/tables.mjs'
import { playWaiting } from '../../scripts/scale/waiting.mjs'

const read = (/** @type {string[]} */ ...parts) => readFileSync(fromRoot(...parts), 'utf8')
const measured = JSON.parse(read('scripts', 'scale', 'counts.json'))

describe('the model of costs and scale', () => {
  it.each(['costs', 'scale', 'deploy'])('is what docs/%s.md says', (name) => {
    const page = read('docs', `${name}.md`)
    const squeeze = (/** @type {string} */ text) =>
      text.replaceAll(/ *\| */g, '|').replaceAll(/-{3,}/g, '-')
    expect(squeeze(page), 'npm run scale -- --write').toBe(
      squeeze(fillPage(page, createTables(measured))),
    )
  })

  it('counts an inference as what was counted of its size', () => {
    const { inferenceOf16, inferenceOf160 } = measured.counts
    expect(countsOfInference(measured.counts, 16)).toEqual(inferenceOf16)
    const whole = countsOfInference(measured.counts, 160)
    for (const [name, count] of Object.entries(inferenceOf160))
      expect(whole[name]).toBeCloseTo(count)
  })

  it('counts of an item more the smaller its inference is', () => {
    const single = countsPerItem(measured, { ...largeLoad, pairsPerInference: 1 })
    const many = countsPerItem(measured, largeLoad)
    expect(single.d1RowsWritten).toBeGreaterThan(many.d1RowsWritten ?? 0)
    expect(single.d1Calls).toBeGreaterThan(many.d1Calls ?? 0)
  })

  it('counts what the inference service reads and writes, which the Worker never sees', () => {
    const item = countsPerItem(measured, { ...largeLoad, downloadsPerItem: 0 })
    expect([item.r2ClassA, item.r2ClassB]).toEqual([measured.counts.upload.r2ClassA + 1, 2])
  })

  it('prices by the million', () => {
    const costs = costOfItems({ d1RowsWritten: 20, r2ClassA: 3 }, 1e6, cloudflare)
    expect([
      costs['D1 rows written'],
      costs['R2 writes (class A)'],
      costs['R2 reads (class B)'],
    ]).toEqual([20, 13.5, 0])
  })

  it.each([
    [{ imagesPerDay: 86_400, msPerImage: 1000, peakFactor: 1, utilisation: 1 }, 1],
    [{ imagesPerDay: 86_400, msPerImage: 1000, peakFactor: 3, utilisation: 1 }, 3],
    [{ imagesPerDay: 86_400, msPerImage: 1000, peakFactor: 3, utilisation: 0.5 }, 6],
    [{ imagesPerDay: 86_400, msPerImage: 1000, peakFactor: 3, utilisation: 0.5, atOnce: 4 }, 2],
    [{ imagesPerDay: 1, msPerImage: 1, peakFactor: 1, utilisation: 1 }, 1],
  ])('needs for %j %i hosts', (options, count) => {
    expect(hostsNeeded(options)).toBe(count)
  })

  it('prices a host that is idle half of the time at twice as much', () => {
    const busy = costOfMillionImages({ perHour: 3.6, msPerImage: 1, busyShare: 1 })
    expect(busy).toBeCloseTo(1)
    expect(costOfMillionImages({ perHour: 3.6, msPerImage: 1, busyShare: 0.5 })).toBeCloseTo(2)
  })

  it('finds what is reached first, and at which load', () => {
    const bottlenecks = findBottlenecks(measured, largeLoad)
    const loads = bottlenecks.map(({ itemsPerDay }) => itemsPerDay)
    expect(loads).toEqual([...loads].sort((a, b) => a - b))
    const [first] = bottlenecks
    const atThat = listLimits(measured, { ...largeLoad, itemsPerDay: first?.itemsPerDay ?? 0 })
    const same = atThat.find(({ name }) => name === first?.name)
    expect((same?.used ?? 0) / (same?.limit ?? 1)).toBeCloseTo(1)
  })
})

describe('tasks that find all hosts busy and come again', () => {
  it('wait longer the busier hosts are, and less the more hosts share the work', () => {
    const play = (/** @type {number} */ hosts, /** @type {number} */ utilisation) =>
      playWaiting({ hosts, utilisation, taskSeconds: 4, retrySeconds: 2, tasks: 5000 })
    expect(play(4, 0.5).p95Seconds).toBeLessThan(play(4, 0.9).p95Seconds)
    expect(play(16, 0.85).meanSeconds).toBeLessThan(play(1, 0.85).meanSeconds)
  })

  it('wait not at all where there is always room', () => {
    const alone = playWaiting({
      hosts: 100,
      utilisation: 0.01,
      taskSeconds: 4,
      retrySeconds: 2,
      tasks: 500,
    })
    expect(alone).toEqual({ meanSeconds: 0, p95Seconds: 0, callsPerTask: 1 })
  })

  it('come out the same for the same seed', () => {
    const options = { hosts: 2, utilisation: 0.8, taskSeconds: 4, retrySeconds: 2, tasks: 500 }
    expect(playWaiting(options)).toEqual(playWaiting(options))
  })
})

/** What no user owns: it would stand in each database, or in the one that all share. */
const ofNobody = ['audit_log', 'reconciliations', 'abandoned_operations', 'users', 'tags']
/** By whom the other rows are owned. */
const owners = ['user_id', 'owner', 'dataset_id', 'inference_id', 'upload_id']

describe('a database for each share of the users', () => {
  it('could hold every row that is a user’s: each names its user, or a dataset, upload or inference of theirs', () => {
    const database = new DatabaseSync(':memory:')
    for (const file of readdirSync(fromRoot('migrations')).sort()) {
      if (file.endsWith('.sql')) database.exec(read('migrations', file))
    }
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all()
      .map(({ name }) => String(name))
    const columnsOf = (/** @type {string} */ table) =>
      database
        .prepare('SELECT name FROM pragma_table_info(?)')
        .all(table)
        .map(({ name }) => String(name))
    const without = tables.filter(
      (table) => !columnsOf(table).some((name) => owners.includes(name)),
    )
    expect(without.sort()).toEqual([...ofNobody].sort())
    expect(tables.length).toBeGreaterThan(15)
  })

  it('would come in at two places of the code', () => {
    const sources = readdirSync(fromRoot('src'), { recursive: true, encoding: 'utf8' })
    const users = sources
      .filter((file) => file.endsWith('.ts') && /\benv\.DB\b/.test(read('src', file)))
      .sort()
    expect(users).toEqual(['ledger/account/token-account.object.ts', 'services.ts'])
  })
})
