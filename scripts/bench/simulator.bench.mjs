import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { findToolsNodeOrThrow } from '../lib/node-version.mjs'
import { ensurePortIsFree } from '../lib/ports.mjs'
import { Refusal, say } from '../lib/say.mjs'
import { createWorkerCommand } from '../lib/worker-process.mjs'
import { listProcesses, readMemory, resetPeaks } from './memory.mjs'

/** As many puts at a time, and of the same sizes, as an archive of pairs of 512x512 makes; nothing else. */
const worker = `export default { async fetch(request, env) {
  const pairs = Number(new URL(request.url).searchParams.get('pairs'))
  const image = crypto.getRandomValues(new Uint8Array(60_000))
  const mask = image.slice(0, 1_000)
  let next = 0
  const lane = async () => {
    while (next < pairs) {
      const number = next++
      await Promise.all([env.MEDIA.put('image/' + number, image), env.MEDIA.put('mask/' + number, mask)])
    }
  }
  await Promise.all([lane(), lane(), lane(), lane()])
  return new Response('stored')
} }`
const config = `name = "simulator"
main = "index.js"
compatibility_date = "2026-11-01"
[[r2_buckets]]
binding = "MEDIA"
bucket_name = "simulator"
`

/**
 * What the local simulator of R2 alone takes: a Worker of twenty lines puts the same two buffers again and again.
 * `--pairs 3000 --rounds 3 --port 8797`
 * @param {string[]} args
 */
export async function run(args) {
  const { values } = parseArgs({
    args,
    options: {
      pairs: { type: 'string', default: '3000' },
      rounds: { type: 'string', default: '3' },
      port: { type: 'string', default: '8797' },
    },
  })
  await ensurePortIsFree(Number(values.port), '--port')
  const folder = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-bench-'))
  writeFileSync(path.join(folder, 'index.js'), worker)
  writeFileSync(path.join(folder, 'wrangler.toml'), config)
  const url = `http://127.0.0.1:${values.port}`
  const settings = { workerUrl: url, inferenceUrl: url, inferencePort: 0, workerSettings: {} }
  const {
    file,
    args: words,
    env,
  } = createWorkerCommand(
    findToolsNodeOrThrow(),
    { ...settings, port: Number(values.port), stateFolder: folder, logLevel: 'warn' },
    path.join(folder, 'none.env'),
  )
  writeFileSync(path.join(folder, 'none.env'), '')
  const child = spawn(file, words, { cwd: folder, env, stdio: 'ignore' })
  const exited = new Promise((resolve) => child.once('close', resolve))
  try {
    await whenReady(url)
    const found = listProcesses(child.pid ?? 0).filter(({ name }) => name.startsWith('Worker'))
    for (let round = 1; round <= Number(values.rounds); round += 1) {
      const [idle] = found.map(readMemory)
      resetPeaks(found)
      const startedMs = Date.now()
      await (await fetch(`${url}/?pairs=${values.pairs}`)).text()
      const seconds = ((Date.now() - startedMs) / 1000).toFixed(1)
      const [now] = found.map(readMemory)
      const over = (now?.peak ?? 0) - (idle?.resident ?? 0)
      say(
        `round ${round}: ${seconds} s, ${idle?.resident} MB before, peak ${now?.peak} MB (+${over})`,
      )
    }
  } finally {
    child.kill('SIGTERM')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} url */
async function whenReady(url) {
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await fetch(`${url}/?pairs=0`).catch(() => null)
    if (answer?.ok) return
    await sleep(200)
  }
  throw new Refusal(`The Worker on ${url} did not answer.`)
}
