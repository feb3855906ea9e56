import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fromRoot } from './paths.mjs'
import { formatTail, Refusal, sayWhile } from './say.mjs'

/** @typedef {{ version?: string, optional?: boolean, link?: boolean }} LockedPackage */

/**
 * Installs the npm packages of package-lock.json where node_modules holds others, or none.
 * @param {import('./children.mjs').Children} children
 */
export async function ensureNpmPackages(children) {
  if (isInstalled()) return
  const { code, reason, output } = await sayWhile('installing npm packages', () =>
    children.run({
      name: 'npm',
      ...findNpm(),
      cwd: fromRoot(),
      env: withoutOwnPrograms(),
    }),
  )
  if (code === 0 && isInstalled()) return
  throw new Refusal(
    `npm could not install the packages (${reason}). It said:\n${formatTail(withoutNoise(output))}`,
  )
}

/** npm writes down at the end of each install what it installed; half an install leaves no such file. */
function isInstalled() {
  const installed = readPackages(fromRoot('node_modules', '.package-lock.json'))
  const wanted = readPackages(fromRoot('package-lock.json'))
  if (!installed || !wanted) return false
  return Object.entries(wanted)
    .filter(([folder]) => folder !== '')
    .every(([folder, { version, optional }]) => {
      const found = installed[folder]
      return found ? found.version === version : optional === true
    })
}

/** @param {string} file @returns {Record<string, LockedPackage> | undefined} */
function readPackages(file) {
  if (!existsSync(file)) return undefined
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

/** The npm that runs this script, by the Node it was started with, or the one on the PATH. */
function findNpm() {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=warn']
  const { npm_execpath: npm, npm_node_execpath: node } = process.env
  if (npm?.endsWith('npm-cli.js') && node && !isOwnProgram(node))
    return { file: node, args: [npm, ...args] }
  return { file: 'npm', args }
}

/** `npm ci` removes node_modules first, and with it every program that lives there. */
function withoutOwnPrograms() {
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  return {
    ...process.env,
    PATH: folders.filter((folder) => !isOwnProgram(folder)).join(path.delimiter),
  }
}

/** @param {string} file */
const isOwnProgram = (file) => file.startsWith(fromRoot('node_modules'))

/** What the tools' Node mends is nothing to read about. @param {string} output */
function withoutNoise(output) {
  return output
    .split('\n')
    .filter(
      (line) =>
        !/EBADENGINE|Unknown (user|env|project) config|npm warn (deprecated|install-scripts)/.test(
          line,
        ),
    )
    .join('\n')
}
