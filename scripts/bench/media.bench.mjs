import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { fromRoot, inferenceFolder, pythonProgram, scratchFolder } from '../lib/paths.mjs'
import { say, sayWhile } from '../lib/say.mjs'
import { logIn } from './client.mjs'
import { listProcesses, readMemory, resetPeaks } from './memory.mjs'
import { withStack } from './stack.mjs'

const settleMs = 5_000
const warmUpPairs = 20

/**
 * A large archive and a large video, sent in parts and made a dataset's data: the time, what was stored and charged,
 * and the peak of each process over what it had when it was idle after a small archive.
 * `--pairs 3000 --megabytes 500 --rounds 1 --port 8797`; 0 leaves that medium out.
 * @param {string[]} args
 */
export async function run(args) {
  const { values } = parseArgs({
    args,
    options: {
      pairs: { type: 'string', default: '3000' },
      megabytes: { type: 'string', default: '500' },
      rounds: { type: 'string', default: '1' },
      port: { type: 'string', default: '8797' },
    },
  })
  const [pairs, megabytes] = [Number(values.pairs), Number(values.megabytes)]
  const warmUp = await makeArchive(warmUpPairs)
  const archive = pairs > 0 ? await makeArchive(pairs) : null
  const video = megabytes > 0 ? await makeVideo(megabytes) : null
  const port = Number(values.port)
  await withStack({ port, inferencePort: port + 1 }, async ({ url, pid }) => {
    const client = await logIn(url)
    const recharge = { email: 'admin@system.com', amount: 1_000_000 }
    await client.send('POST', '/api/admin/user-tokens', recharge)
    await ingest(client, 'warm-up', warmUp)
    const processes = listProcesses(pid)
    for (let round = 1; round <= Number(values.rounds); round += 1) {
      for (const [name, files] of Object.entries({ archive, video })) {
        if (files) await measure({ client, processes, name: `${name}-${round}`, files })
      }
    }
  })
}

/** @typedef {{ image: string, mask?: string }} Files */
/** @typedef {Awaited<ReturnType<typeof logIn>>} Client */

/** @param {{ client: Client, processes: readonly import('./memory.mjs').Measured[], name: string, files: Files }} work */
async function measure({ client, processes, name, files }) {
  await sleep(settleMs)
  const idle = processes.map(readMemory)
  resetPeaks(processes)
  const balance = await client.readBalance()
  const { sentSeconds, storedSeconds } = await ingest(client, name, files)
  const spent = Math.round((balance - (await client.readBalance())) * 1000) / 1000
  const items = await client.countItems(name)
  say(`\n${name}: sent in ${sentSeconds} s, ${items} items in ${storedSeconds} s, ${spent} tokens`)
  console.table(
    Object.fromEntries(
      processes.map((process, index) => {
        const { resident = 0, anonymous = 0 } = idle[index] ?? {}
        const now = readMemory(process)
        const row = {
          'idle MB': resident,
          'peak MB': now.peak,
          'over idle MB': now.peak - resident,
          'written by it, idle MB': anonymous,
          'after MB': now.anonymous,
        }
        return [`${process.name} (${process.pid})`, row]
      }),
    ),
  )
}

/** @param {Client} client @param {string} name @param {Files} files */
async function ingest(client, name, files) {
  await client.send('POST', '/api/datasets', { name })
  const startedMs = Date.now()
  const image = await client.sendFile(files.image)
  const mask = files.mask ? { mask: await client.sendFile(files.mask) } : {}
  const sentMs = Date.now()
  await client.ingest({ datasetName: name, image, ...mask })
  return {
    sentSeconds: ((sentMs - startedMs) / 1000).toFixed(1),
    storedSeconds: ((Date.now() - sentMs) / 1000).toFixed(1),
  }
}

/** @param {number} pairs @returns {Promise<Files>} */
async function makeArchive(pairs) {
  const folder = await make('zip', 'pairs.zip', ['--pairs', String(pairs)])
  return { image: path.join(folder, 'pairs.zip') }
}

/** @param {number} megabytes @returns {Promise<Files>} */
async function makeVideo(megabytes) {
  const folder = await make('video', 'large.mp4', ['--megabytes', String(megabytes)])
  return { image: path.join(folder, 'large.mp4'), mask: path.join(folder, 'large-mask.png') }
}

/** Makes media once and keeps them for the next run. @param {string} kind @param {string} file @param {string[]} size */
async function make(kind, file, size) {
  const folder = path.join(scratchFolder, 'bench', `${kind}-${size[1]}`)
  if (existsSync(path.join(folder, 'done'))) return folder
  mkdirSync(folder, { recursive: true })
  const program = path.join(inferenceFolder, 'scripts', 'make_media.py')
  await sayWhile(`making ${file} (${size.join(' ')})`, async () => {
    execFileSync(pythonProgram, [program, kind, folder, ...size], { cwd: fromRoot() })
    mkdirSync(path.join(folder, 'done'))
  })
  return folder
}
