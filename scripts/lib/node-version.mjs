import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { fromRoot } from './paths.mjs'
import { Refusal } from './say.mjs'

/** The tools refuse anything older. */
const toolsMinimum = /** @type {const} */ ([22, 12])
const scriptsMajorMinimum = 20

/** Throws a Refusal when this very Node is too old for the scripts themselves. */
export function ensureNodeRunsScripts() {
  if (Number(process.versions.node.split('.')[0]) >= scriptsMajorMinimum) return
  throw new Refusal(
    `Node ${process.versions.node} is too old: install Node ${scriptsMajorMinimum} or newer (https://nodejs.org).`,
  )
}

/**
 * The Node that runs the tools: the project's own, which came with its packages, or else this one.
 * Throws a Refusal when neither will do.
 * @returns {string} the path of its program
 */
export function findToolsNodeOrThrow() {
  const own = fromRoot('node_modules', 'node', 'bin', 'node')
  if (isNewEnough(readVersion(own))) return own
  if (isNewEnough(process.versions.node)) return process.execPath
  throw new Refusal(
    `The tools need Node ${toolsMinimum.join('.')} or newer. This is Node ${process.versions.node}, and the one that comes ` +
      'with the npm packages does not run here: npm may have been told not to run install scripts ' +
      '(see `npm config get ignore-scripts`). Allow them and remove node_modules, or install a newer Node.',
  )
}

/**
 * An environment whose PATH finds the project's programs first, without the variables in `except`.
 * @param {string} toolsNode
 * @param {readonly string[]} [except]
 * @returns {NodeJS.ProcessEnv}
 */
export function createToolsEnvironment(toolsNode, except = []) {
  const folders = [fromRoot('node_modules', '.bin'), path.dirname(toolsNode)]
  const kept = Object.entries(process.env).filter(([name]) => !except.includes(name))
  return {
    ...Object.fromEntries(kept),
    PATH: [...folders, process.env.PATH ?? ''].join(path.delimiter),
    NODE_OPTIONS: undefined,
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
  }
}

/** @param {string} program */
function readVersion(program) {
  try {
    return execFileSync(program, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .trim()
      .slice(1)
  } catch {
    return undefined
  }
}

/** @param {string | undefined} version */
function isNewEnough(version) {
  if (!version) return false
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > toolsMinimum[0] || (major === toolsMinimum[0] && minor >= toolsMinimum[1])
}
