import { execFile } from 'node:child_process'
import path from 'node:path'
import { createToolsEnvironment } from '../lib/node-version.mjs'

/**
 * @typedef {object} Ran
 * @property {number} code
 * @property {string} stdout
 * @property {string} output both streams
 *
 * @typedef {object} Wrangler
 * @property {(args: readonly string[]) => Promise<Ran>} run with the rendered configuration and the environment
 * @property {(args: readonly string[]) => string} describe the command that a person would type
 */

const commandMsMax = 300_000
const outputBytesMax = 20_000_000

/**
 * The one way to wrangler. It asks nobody anything: where it would, it takes its own default.
 * @param {{ program: readonly [string, ...string[]], root: string, configFile: string, environmentName: string, credentials: Readonly<Record<string, string>> }} options
 *   `program` is what is started, with its first arguments; `credentials` are further variables of its environment
 * @returns {Wrangler}
 */
export function createWrangler({ program, root, configFile, environmentName, credentials }) {
  const [file, ...first] = program
  const where = ['--env', environmentName, '--config', configFile]
  const env = {
    ...createToolsEnvironment(process.execPath),
    ...credentials,
    CI: 'true',
    WRANGLER_LOG_PATH: path.join(root, '.wrangler', 'logs'),
  }
  return {
    run: (args) =>
      new Promise((resolve) => {
        const limits = { timeout: commandMsMax, maxBuffer: outputBytesMax }
        execFile(
          file,
          [...first, ...args, ...where],
          { cwd: root, env, ...limits },
          (error, stdout, stderr) => {
            const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0
            resolve({ code, stdout, output: `${stdout}${stderr}` })
          },
        )
      }),
    describe: (args) =>
      ['npx wrangler', ...args.map(quoteArgument), '--env', environmentName, '--config']
        .concat(path.relative(root, configFile))
        .join(' '),
  }
}

/** JSON of what a command printed, which may stand below lines of talk; null where there is none. @param {string} text @returns {any} */
export function readJson(text) {
  const start = text.search(/^[[{]/m)
  if (start < 0) return null
  try {
    return JSON.parse(text.slice(start))
  } catch {
    return null
  }
}

/** The sentence that a failed command ended with. @param {Ran} ran */
export function reasonOf({ output, code }) {
  const lines = output
    .split('\n')
    .map((line) => line.replace(/\p{Cc}\[[\d;]*m/gu, '').trim())
    .filter((line) => line !== '')
  // What broke a build stands beside the sentence that it is broken.
  const errors = lines.filter((line) => /ERROR|✘/.test(line) && !/Build failed/.test(line))
  const told = errors.length > 0 ? errors.join(' ') : (lines.at(-1) ?? `exit code ${code}`)
  return told.replaceAll(/✘?\s*\[?ERROR\]?\s*/g, '').slice(0, 300)
}

/** @param {string} argument */
const quoteArgument = (argument) => (/[\s<>]/.test(argument) ? `'${argument}'` : argument)
