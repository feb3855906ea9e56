import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const fileOf = (/** @type {string} */ root) => path.join(root, '.wrangler', 'tested-commit')

/** The commit that the working tree is, file by file; null where anything differs, or where there is no git. @param {string} root */
export function findCleanCommit(root) {
  try {
    const git = (/** @type {string[]} */ ...args) =>
      execFileSync('git', args, {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim()
    return git('status', '--porcelain') === '' ? git('rev-parse', 'HEAD') : null
  } catch {
    return null
  }
}

/** Writes down that every test passed on a commit. @param {string} root @param {string} commit */
export function rememberTestedCommit(root, commit) {
  const file = fileOf(root)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `${commit}\n`)
}

/** The commit on which every test last passed in this clone. @param {string} root */
export const readTestedCommit = (root) =>
  existsSync(fileOf(root)) ? readFileSync(fileOf(root), 'utf8').trim() : null
