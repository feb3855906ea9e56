import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readOptionsOrThrow } from '../../scripts/bench/api/options.mjs'
import { countGoals, formatSection } from '../../scripts/bench/api/report.mjs'
import { percentile, shareOf } from '../../scripts/bench/api/take-turns.mjs'
import { ensureTablesOrThrow, writeTables } from '../../scripts/bench/api/written-tables.mjs'

const section = {
  title: 'Reads',
  rows: [
    {
      cells: { route: 'profile', 'req/s': 1234.5, 'p50 ms': 0.12345, original: undefined },
      goals: [
        { name: '≥ 85 %', met: false },
        { name: '> 1051/s', met: true },
      ],
    },
    { cells: { route: 'broken', 'req/s': Number.NaN } },
  ],
}

describe('the tables of the bench', () => {
  it('say of every goal whether it is met', () => {
    expect(formatSection(section)).toContain('≥ 85 %: NOT MET; > 1051/s: met')
    expect(countGoals([section])).toEqual({ all: 2, met: 1 })
  })

  it('round to three digits and show what is not known as a dash', () => {
    const lines = formatSection(section).split('\n')
    expect(lines[4]).toMatch(/\| profile +\| 1235 +\| 0\.123 +\| – /)
    expect(lines[5]).toMatch(/\| broken +\| – +\| – /)
  })
})

describe('the figures of the bench', () => {
  it('take a percentile from the values themselves', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect([0.5, 0.95, 0.99, 1].map((share) => percentile(values, share))).toEqual([
      50, 95, 99, 100,
    ])
    expect(percentile([], 0.5)).toBeNaN()
  })

  it('compare two sides round by round, so that one slow round of both changes nothing', () => {
    const side = (/** @type {number[]} */ ...rates) => ({ ...summary, rates })
    expect(shareOf(side(80, 8, 82), side(100, 10, 100))).toBeCloseTo(0.8)
  })
})

describe('the options of the bench', () => {
  it.each([
    [['--only', 'reads,writes'], "--only names 'writes'"],
    [['--seconds', 'long'], "--seconds is 'long'"],
    [['--rounds', '-1'], '--rounds'],
    [['--against', 'localhost'], "--against is 'localhost'"],
    [['--write', 'nowhere.md'], "--write names 'nowhere.md'"],
    [['--fast'], '--fast'],
  ])('refuse %j and say why', (args, reason) => {
    expect(() => readOptionsOrThrow(args)).toThrow(reason)
  })

  it('measure everything where no part is named', () => {
    expect(readOptionsOrThrow([]).only).toEqual([
      'reads',
      'logins',
      'uploads',
      'zip',
      'jobs',
      'growth',
    ])
  })
})

describe('the document that tables are written into', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-bench-test-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('keeps what stands around them, however often', () => {
    const file = path.join(folder, 'page.md')
    const marks = ['<!-- the tables of a run begin -->', '<!-- the tables of a run end -->']
    writeFileSync(file, `# Page\n\n${marks[0]}\nold\n${marks[1]}\n\nThe end.\n`)
    writeTables(file, '| first |')
    writeTables(file, '| second |')
    expect(readFileSync(file, 'utf8')).toBe(
      `# Page\n\n${marks[0]}\n\n| second |\n\n${marks[1]}\n\nThe end.\n`,
    )
  })

  it('is refused without a place for them', () => {
    const file = path.join(folder, 'page.md')
    writeFileSync(file, '# Page\n')
    expect(() => ensureTablesOrThrow(file)).toThrow('which has no lines')
  })
})

const summary = { rate: 0, p50: 0, p95: 0, p99: 0, cpu: 0, refused: {} }
