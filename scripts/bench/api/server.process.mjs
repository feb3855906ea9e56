/**
 * Runs a Worker on Miniflare itself, in wrangler's own copy: `wrangler dev` puts a proxy before each request.
 * Its one argument is JSON (`ServerSettings` in servers.mjs). Once it listens it says `ready`, and on its control port it
 * answers `POST /sweep`, and `POST /sql` with statements, for the D1 that is bound as DB.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import path from 'node:path'
import { unstable_getMiniflareWorkerOptions } from 'wrangler'
import { fromRoot } from '../../lib/paths.mjs'

/** @type {import('./servers.mjs').ServerSettings} */
const settings = JSON.parse(process.argv[2] ?? '')
// Objects are kept under the Worker's name.
const name = settings.kind === 'floor' ? 'floor' : 'pa-inpainting'
const require = createRequire(createRequire(import.meta.url).resolve('wrangler/package.json'))
const { Miniflare, convertV4MiniflareOptions, Log, LogLevel } = require('miniflare')

/** @type {any} the types know scripts and no modules here */
const described = {
  host: '127.0.0.1',
  port: settings.port,
  cf: false,
  log: new Log(LogLevel.ERROR),
  handleRuntimeStdio: settings.isLoud ? undefined : dropOutput,
  ...(settings.inspectorPort ? { inspectorPort: settings.inspectorPort } : {}),
  workers: [settings.kind === 'floor' ? createFloor() : createProduct(settings.kind)],
}
const options = convertV4MiniflareOptions(described)
// The converter drops the folder.
const miniflare = new Miniflare({ ...options, resourcePersistencePath: settings.stateFolder })
for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP'])) {
  process.on(signal, async () => {
    await miniflare.dispose()
    process.exit(0)
  })
}
await miniflare.ready
createServer(answerControl).listen(settings.controlPort, '127.0.0.1', () => console.log('ready'))

/** @param {import('./servers.mjs').ServerSettings['kind']} kind */
function createProduct(kind) {
  /** @type {{ workerOptions: any }} */
  const { workerOptions } = unstable_getMiniflareWorkerOptions(fromRoot('wrangler.toml'))
  // For these the simulator puts Workers of its own before each request.
  delete workerOptions.assets
  const built = readModules(settings.workerFolder)
  const modules = kind === 'counted' ? [readModule('counted.worker.mjs'), ...built] : built
  return {
    ...workerOptions,
    name,
    modules,
    bindings: { ...workerOptions.bindings, ...settings.variables },
  }
}

function createFloor() {
  return {
    name,
    compatibilityDate: '2026-11-01',
    modules: [readModule('floor.worker.mjs')],
    d1Databases: { DB: { id: 'floor' } },
    r2Buckets: { MEDIA: { id: 'floor' } },
    durableObjects: { OBJECTS: { className: 'Floor', useSQLite: true } },
  }
}

/** The entry comes first. @param {string} folder */
function readModules(folder) {
  const files = readdirSync(folder).filter((file) => /\.(js|wasm)$/.test(file))
  return files
    .sort((one, other) => Number(other === 'index.js') - Number(one === 'index.js'))
    .map((file) => {
      const contents = readFileSync(path.join(folder, file))
      return file.endsWith('.wasm')
        ? { type: 'CompiledWasm', path: file, contents }
        : { type: 'ESModule', path: file, contents: contents.toString() }
    })
}

/** @param {string} file of this folder */
function readModule(file) {
  const contents = readFileSync(path.join(import.meta.dirname, file), 'utf8')
  return { type: 'ESModule', path: file.replace('.mjs', '.js'), contents }
}

/** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} answer */
async function answerControl(request, answer) {
  try {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    if (request.url === '/sweep') {
      /** @type {any} */
      const worker = await miniflare.getWorker(name)
      await worker.scheduled({ cron: '* * * * *' })
    } else if (request.url === '/sql') {
      const database = await miniflare.getD1Database('DB', name)
      for (const sql of JSON.parse(text)) await database.prepare(sql).run()
    }
    answer.end('done')
  } catch (error) {
    answer.writeHead(500).end(String(error instanceof Error ? error.stack : error))
  }
}

/** @param {import('node:stream').Readable} output @param {import('node:stream').Readable} errors */
function dropOutput(output, errors) {
  output.resume()
  errors.resume()
}
