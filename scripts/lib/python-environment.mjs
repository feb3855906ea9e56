import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { inferenceFolder, pythonProgram, virtualEnvironment } from './paths.mjs'
import { findPythonOrThrow, minimumPython, probePython } from './python-programs.mjs'
import { formatTail, Refusal, sayWhile } from './say.mjs'
import { fingerprint, isStamped, writeStamp } from './stamps.mjs'

/** What the inference service needs to run, and that with what its tests need. */
const locks = {
  run: path.join(inferenceFolder, 'requirements.lock'),
  test: path.join(inferenceFolder, 'requirements-dev.lock'),
}
const doneStamp = path.join(virtualEnvironment, 'installed-requirements')
const begunStamp = path.join(virtualEnvironment, 'installing-requirements')

/**
 * Makes the Python environment of the inference service and installs what its lock file for the purpose names. One
 * that tests were run in will do to run the service. An environment that a crash left half made is made anew.
 * @param {import('./children.mjs').Children} children @param {keyof typeof locks} purpose
 */
export async function ensurePythonEnvironment(children, purpose) {
  const wanted = fingerprint(locks[purpose])
  const isInstalled = isStamped(doneStamp, wanted) || isStamped(doneStamp, fingerprint(locks.test))
  if (isInstalled && isUsable()) return
  if (existsSync(begunStamp) || !isUsable()) await createEnvironment(children)
  writeStamp(begunStamp, wanted)
  await installRequirements(children, locks[purpose])
  writeStamp(doneStamp, wanted)
  rmSync(begunStamp)
}

function isUsable() {
  const found = probePython(pythonProgram)
  return found?.isNewEnough === true && found.hasPip
}

/** @param {import('./children.mjs').Children} children */
async function createEnvironment(children) {
  const python = findPythonOrThrow()
  rmSync(virtualEnvironment, { recursive: true, force: true })
  const { code, output } = await sayWhile(`making a Python ${python.version} environment`, () =>
    children.run({ name: 'venv', file: python.program, args: ['-m', 'venv', virtualEnvironment] }),
  )
  if (code === 0 && isUsable()) return
  rmSync(virtualEnvironment, { recursive: true, force: true })
  throw new Refusal(
    `Python ${python.version} (${python.program}) could not make an environment. On Debian or Ubuntu, ` +
      `\`apt install python3-venv\` brings what it needs. It said:\n${formatTail(output)}`,
  )
}

/** @param {import('./children.mjs').Children} children @param {string} requirements */
async function installRequirements(children, requirements) {
  const { code, reason, output } = await sayWhile('installing Python packages', () =>
    children.run({
      name: 'pip',
      file: pythonProgram,
      args: [
        ...['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'],
        ...['--progress-bar', 'off', '--require-hashes', '--requirement', requirements],
      ],
    }),
  )
  if (code === 0) return
  throw new Refusal(
    `pip could not install the packages of inference-container/${path.basename(requirements)} (${reason}; Python ` +
      `${probePython(pythonProgram)?.version}, ${minimumPython} or newer is needed). It said:\n${formatTail(output)}`,
  )
}
