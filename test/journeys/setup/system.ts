import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = path.resolve(import.meta.dirname, '../../..')
const startTimeoutMs = 150_000

export interface SystemOptions {
  readonly port?: number
  readonly inferencePort?: number
  readonly stateFolder?: string
  /** Through `npm start`, as people do, and not by its script: signals then go to npm. */
  readonly byNpm?: boolean
  /** Further variables of `npm start`, such as PRICE_PLAN. */
  readonly variables?: Readonly<Record<string, string>>
}

export interface System {
  readonly apiUrl: string
  readonly inferenceUrl: string
  readonly stateFolder: string
  readonly pid: number
  /** What it has printed so far. */
  output(): { stdout: string; stderr: string }
  /** Sends the signal to the start script and waits for its end; answers its exit code, null after SIGKILL. */
  stop(signal: NodeJS.Signals): Promise<number | null>
  /** Removes its state folder. */
  forget(): void
}

/** Starts the system as `npm start` does and waits until it is ready. Throws an Error with what it printed when it ends instead. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const started = await run(options)
  const { child, ended, output } = started
  let hasEnded = false
  ended.then(() => {
    hasEnded = true
  })
  const deadlineMs = Date.now() + startTimeoutMs
  while (!/^ready on /m.test(output().stdout)) {
    if (hasEnded || Date.now() > deadlineMs) {
      child.kill('SIGTERM')
      throw new Error(`The system did not start:\n${output().stdout}\n${output().stderr}`)
    }
    await sleep(50)
  }
  return {
    apiUrl: `http://127.0.0.1:${started.port}`,
    inferenceUrl: `http://127.0.0.1:${started.inferencePort}`,
    stateFolder: started.stateFolder,
    pid: child.pid ?? 0,
    output,
    stop: (signal) => {
      child.kill(signal)
      return ended
    },
    forget: () => rmSync(started.stateFolder, { recursive: true, force: true, maxRetries: 3 }),
  }
}

/** Starts what is expected to refuse; answers its exit code and what it printed. */
export async function startRefused(options: SystemOptions) {
  const { ended, output, stateFolder } = await run(options)
  const code = await ended
  if (!options.stateFolder) rmSync(stateFolder, { recursive: true, force: true })
  return { code, ...output() }
}

/** The secrets that the start script made for a state folder. */
export function readSecrets(stateFolder: string): Record<string, string> {
  const lines = readFileSync(path.join(stateFolder, 'secrets.env'), 'utf8').trim().split('\n')
  return Object.fromEntries(lines.map((line) => line.split('=', 2)))
}

/** A port of 127.0.0.1 that nobody listens on. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

async function run(options: SystemOptions) {
  const port = options.port ?? (await findFreePort())
  const inferencePort = options.inferencePort ?? (await findFreePort())
  const stateFolder =
    options.stateFolder ?? mkdtempSync(path.join(tmpdir(), 'pa-inpainting-state-'))
  const [program, ...words] = options.byNpm
    ? ['npm', 'start']
    : [process.execPath, 'scripts/start.mjs']
  const child = spawn(program ?? '', words, {
    cwd: root,
    env: {
      ...process.env,
      ...options.variables,
      PORT: String(port),
      INFERENCE_PORT: String(inferencePort),
      STATE_DIR: stateFolder,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return {
    child,
    port,
    inferencePort,
    stateFolder,
    ended: waitForEnd(child),
    output: collect(child),
  }
}

function waitForEnd(child: ChildProcess) {
  return new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
}

function collect(child: ChildProcess) {
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text
    })
  }
  return () => ({ ...printed })
}
