import { execFileSync } from 'node:child_process'
import { Refusal } from './say.mjs'

export const minimumPython = '3.11'
const minimumMinor = 11
const candidates = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python']

/** Prints the version's parts, and whether an environment can be made and pip be run. */
const probe = `
import json, sys
from importlib.util import find_spec
has = lambda name: find_spec(name) is not None
print(json.dumps([list(sys.version_info[:3]), has("venv") and has("ensurepip"), has("pip")]))
`

/**
 * @typedef {object} Python
 * @property {string} program
 * @property {string} version
 * @property {boolean} isNewEnough
 * @property {boolean} canMakeEnvironments
 * @property {boolean} hasPip
 */

/** What a Python program can do, or undefined where it does not run. @param {string} program @returns {Python | undefined} */
export function probePython(program) {
  try {
    const answer = execFileSync(program, ['-c', probe], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 20_000,
    })
    const [[major, minor, patch], canMakeEnvironments, hasPip] = JSON.parse(answer)
    const isNewEnough = major === 3 && minor >= minimumMinor
    return {
      program,
      version: `${major}.${minor}.${patch}`,
      isNewEnough,
      canMakeEnvironments,
      hasPip,
    }
  } catch {
    return undefined
  }
}

/** The Python to make environments with: $PYTHON, or the best on the PATH. Throws a Refusal that names what was found. */
export function findPythonOrThrow() {
  const named = process.env.PYTHON
  const found = (named ? [named] : candidates)
    .map(probePython)
    .filter((python) => python !== undefined)
  const usable = found.find((python) => python.isNewEnough && python.canMakeEnvironments)
  if (usable) return usable
  const withoutModule = found.find((python) => python.isNewEnough)
  if (withoutModule) {
    throw new Refusal(
      `Python ${withoutModule.version} (${withoutModule.program}) comes without its venv module: on Debian or Ubuntu, ` +
        'run `apt install python3-venv`.',
    )
  }
  const names = found.map(({ program, version }) => `${program} is ${version}`).join(', ')
  throw new Refusal(
    `The inference service needs Python ${minimumPython} or newer. Found: ${names || 'none'}. ` +
      'Install one, or name one by PYTHON=/path/to/python.',
  )
}
