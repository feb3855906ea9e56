import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fromRoot } from '../lib/paths.mjs'
import { formatTail, Refusal } from '../lib/say.mjs'

/**
 * Runs everything as `npm start` does, on an empty state, and hands its process to `work`; ends and deletes it after.
 * @template T
 * @param {{ port: number, inferencePort: number }} ports
 * @param {(stack: { url: string, pid: number }) => Promise<T>} work
 */
export async function withStack({ port, inferencePort }, work) {
  const stateFolder = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-bench-'))
  const child = spawn(process.execPath, [fromRoot('scripts', 'start.mjs')], {
    env: {
      ...process.env,
      // With it the system ends itself when this process is killed.
      npm_lifecycle_event: 'start',
      PORT: String(port),
      INFERENCE_PORT: String(inferencePort),
      STATE_DIR: stateFolder,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise((resolve) => child.once('close', resolve))
  try {
    await whenReady(child)
    return await work({ url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0 })
  } finally {
    child.kill('SIGINT')
    await exited
    rmSync(stateFolder, { recursive: true, force: true })
  }
}

/** @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} child */
function whenReady(child) {
  let output = ''
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        output = (output + text).slice(-100_000)
        if (/^ready on /m.test(output)) resolve(undefined)
      })
    }
    child.once('close', () =>
      reject(new Refusal(`The system did not start. Its last words:\n${formatTail(output)}`)),
    )
  })
}
