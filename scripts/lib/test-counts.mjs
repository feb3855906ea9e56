import { readFileSync } from 'node:fs'

/** @typedef {{ passed: number, failed: number }} Counts */

/** What vitest's JSON report says, or undefined where there is none. @param {string} file @returns {Counts | undefined} */
export function readVitestCounts(file) {
  const text = readReport(file)
  if (text === undefined) return undefined
  const { numPassedTests, numFailedTests } = JSON.parse(text)
  return { passed: numPassedTests, failed: numFailedTests }
}

/** What pytest's JUnit report says, or undefined where there is none. @param {string} file @returns {Counts | undefined} */
export function readPytestCounts(file) {
  const suite = /<testsuite [^>]*>/.exec(readReport(file) ?? '')?.[0]
  if (!suite) return undefined
  /** @param {string} name */
  const count = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0)
  const failed = count('failures') + count('errors')
  return { passed: count('tests') - failed - count('skipped'), failed }
}

/** @param {string} file */
function readReport(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/**
 * The counts of a step that ended: a step that failed has at least one failure, whatever its report says.
 * @param {boolean} hasSucceeded
 * @param {Counts | undefined} reported
 * @returns {Counts}
 */
export function settleCounts(hasSucceeded, reported) {
  if (hasSucceeded) return reported ?? { passed: 1, failed: 0 }
  return { passed: reported?.passed ?? 0, failed: Math.max(1, reported?.failed ?? 1) }
}
