import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readPytestCounts, readVitestCounts, settleCounts } from '../../scripts/lib/test-counts.mjs'

const scratch = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-counts-'))
afterAll(() => rmSync(scratch, { recursive: true }))

/** @param {string} text */
function write(text) {
  const file = path.join(scratch, 'report')
  writeFileSync(file, text)
  return file
}

describe('the count of tests', () => {
  it('reads the report of vitest', () => {
    const file = write('{"numTotalTests":5,"numPassedTests":4,"numFailedTests":1}')
    expect(readVitestCounts(file)).toEqual({ passed: 4, failed: 1 })
  })

  it('reads the report of pytest, where an error is a failure and a skipped test is neither', () => {
    const file = write(
      '<?xml version="1.0"?><testsuites name="x"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="1.0">',
    )
    expect(readPytestCounts(file)).toEqual({ passed: 4, failed: 3 })
  })

  it('knows when there is no report', () => {
    expect(readVitestCounts(path.join(scratch, 'none'))).toBeUndefined()
    expect(readPytestCounts(path.join(scratch, 'none'))).toBeUndefined()
  })

  it.each([
    [true, undefined, { passed: 1, failed: 0 }],
    [true, { passed: 7, failed: 0 }, { passed: 7, failed: 0 }],
    [false, undefined, { passed: 0, failed: 1 }],
    [false, { passed: 7, failed: 0 }, { passed: 7, failed: 1 }],
    [false, { passed: 7, failed: 2 }, { passed: 7, failed: 2 }],
  ])('of a step that succeeded (%s) and reported %j is %j', (hasSucceeded, reported, counts) => {
    expect(settleCounts(hasSucceeded, reported)).toEqual(counts)
  })
})
