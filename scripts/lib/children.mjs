import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { isGroupAlive, signalGroup, stopGroups } from './process-groups.mjs'

/**
 * @typedef {object} Command
 * @property {string} name what messages call it
 * @property {string} file
 * @property {readonly string[]} args
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {(line: string) => void} [onLine] gets every line of its output as it comes
 *
 * @typedef {object} Ending
 * @property {number | null} code null when a signal or a failed start ended it
 * @property {string} reason such as "exit code 1" or "signal SIGKILL"
 *
 * @typedef {object} Child
 * @property {string} name
 * @property {number} pid
 * @property {Promise<Ending>} exited
 * @property {() => string} output the end of what it said
 *
 * @typedef {ReturnType<typeof createChildren>} Children
 */

const outputCharactersMax = 2_000_000
const stopGraceMs = 6_000

/**
 * Starts processes, each in a process group of its own, and ends them all together with what they started.
 * A guard process holds the list too: when this process is killed outright, the guard ends them.
 */
export function createChildren() {
  /** @type {Set<number>} */
  const groups = new Set()
  const guard = startGuard()

  /** @param {Command} command @returns {Child} */
  function start({ name, file, args, cwd, env, onLine }) {
    const child = spawn(file, args, {
      cwd,
      env: env ?? process.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const pid = child.pid ?? 0
    if (pid) {
      groups.add(pid)
      guard.stdin?.write(`+${pid}\n`)
    }
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      let rest = ''
      stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        output = (output + text).slice(-outputCharactersMax)
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) onLine?.(line)
      })
    }
    /** @type {Promise<Ending>} */
    const exited = new Promise((resolve) => {
      child.once('error', (error) => resolve({ code: null, reason: error.message }))
      child.once('close', (code, signal) => {
        if (!isGroupAlive(pid)) forget(pid)
        resolve({ code, reason: signal ? `signal ${signal}` : `exit code ${code}` })
      })
    })
    return { name, pid, exited, output: () => output }
  }

  /** Runs a command to its end. @param {Command} command */
  async function run(command) {
    const child = start(command)
    const ending = await child.exited
    return { ...ending, output: child.output() }
  }

  /** @param {number} pid */
  function forget(pid) {
    groups.delete(pid)
    guard.stdin?.write(`-${pid}\n`)
  }

  /** Ends every process: politely first, by force after some seconds. */
  async function stopAll() {
    await stopGroups([...groups], stopGraceMs)
    for (const pid of [...groups]) forget(pid)
  }

  /** For a process that ends in this very moment. */
  function killAll() {
    for (const pid of groups) signalGroup(pid, 'SIGKILL')
  }

  return { start, run, stopAll, killAll }
}

function startGuard() {
  const program = fileURLToPath(new URL('./guard.mjs', import.meta.url))
  const guard = spawn(process.execPath, [program], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.on('error', () => {})
  guard.stdin.on('error', () => {})
  guard.unref()
  const pipe = /** @type {{ unref?: () => void }} */ (/** @type {unknown} */ (guard.stdin))
  pipe.unref?.()
  return guard
}
