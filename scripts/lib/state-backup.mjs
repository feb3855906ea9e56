import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { cp, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { takeLock } from './pid-lock.mjs'
import { Refusal } from './say.mjs'

/**
 * @typedef {object} BackedUpFile
 * @property {string} path from the backup's `state` folder
 * @property {number} bytes
 * @property {string} sha256
 *
 * @typedef {object} Manifest
 * @property {1} version
 * @property {string} createdAt
 * @property {BackedUpFile[]} files
 */

const lockName = 'running.lock'
const manifestName = 'manifest.json'
/** Everything that a running copy keeps: the database, the objects, the accounts, its secrets. Not its log files. */
const kept = ['v3', 'secrets.env', 'migrated']

/**
 * Copies what a stopped copy has stored into a new folder. All its stores are of one moment then, which nothing that
 * reads them one after the other while they are written to can say.
 * Throws a Refusal while it runs, where nothing is stored, and where the target is not empty.
 * @param {string} stateFolder @param {string} target
 */
export async function backUpState(stateFolder, target) {
  if (!existsSync(path.join(stateFolder, 'v3'))) {
    throw new Refusal(
      `${stateFolder} holds nothing to back up: set STATE_DIR to the folder of a copy that has run.`,
    )
  }
  if (existsSync(target) && readdirSync(target).length > 0) {
    throw new Refusal(`${target} is not empty: name a folder that is new.`)
  }
  return whileStopped(stateFolder, async () => {
    const draft = `${target}.partial-${process.pid}`
    await mkdir(draft, { recursive: true, mode: 0o700 })
    try {
      for (const name of kept)
        await copyIfThere(path.join(stateFolder, name), path.join(draft, 'state', name))
      const files = await describeFiles(path.join(draft, 'state'))
      /** @type {Manifest} */
      const manifest = { version: 1, createdAt: new Date().toISOString(), files }
      await writeFile(path.join(draft, manifestName), JSON.stringify(manifest, null, 1))
      await rm(target, { recursive: true, force: true })
      await rename(draft, target)
      return summarize(files)
    } finally {
      await rm(draft, { recursive: true, force: true })
    }
  })
}

/**
 * Puts a backup where a copy keeps its state, once every file of it was found to be as it was. What was there is moved
 * aside, never deleted; answers where to.
 * Throws a Refusal for a backup that is damaged or none, and while the copy runs.
 * @param {string} source @param {string} stateFolder
 */
export async function restoreState(source, stateFolder) {
  const manifest = readManifestOrThrow(source)
  await checkFilesOrThrow(source, manifest)
  return whileStopped(stateFolder, async () => {
    const draft = `${stateFolder}.restoring-${process.pid}`
    await cp(path.join(source, 'state'), draft, { recursive: true, preserveTimestamps: true })
    const aside = existsSync(path.join(stateFolder, 'v3'))
      ? `${stateFolder}.before-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
      : null
    if (aside) await mkdir(aside, { mode: 0o700 })
    // Entry by entry, since the lock stays where it is.
    for (const name of kept) {
      const old = path.join(stateFolder, name)
      if (aside && existsSync(old)) await rename(old, path.join(aside, name))
      else await rm(old, { recursive: true, force: true })
      if (existsSync(path.join(draft, name))) await rename(path.join(draft, name), old)
    }
    await rm(draft, { recursive: true, force: true })
    return { ...summarize(manifest.files), createdAt: manifest.createdAt, aside }
  })
}

/** @template T @param {string} stateFolder @param {() => Promise<T>} work */
async function whileStopped(stateFolder, work) {
  const lock = takeLock(path.join(stateFolder, lockName), { url: 'a backup or restore' })
  if (lock.holder) {
    throw new Refusal(
      `${stateFolder} is in use by ${lock.holder.url} (process ${lock.holder.pid}): stop it first. ` +
        'Its stores can be copied only while nothing writes to them.',
    )
  }
  try {
    return await work()
  } finally {
    lock.release()
  }
}

/** @param {string} from @param {string} to */
async function copyIfThere(from, to) {
  if (existsSync(from)) await cp(from, to, { recursive: true, preserveTimestamps: true })
}

/** @param {string} folder @returns {Promise<BackedUpFile[]>} */
async function describeFiles(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const described = []
  for (const entry of files) {
    const file = path.join(entry.parentPath, entry.name)
    const { size: bytes } = await stat(file)
    described.push({ path: path.relative(folder, file), bytes, sha256: await hashOf(file) })
  }
  return described.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** @param {string} file */
async function hashOf(file) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/** @param {string} source @returns {Manifest} */
function readManifestOrThrow(source) {
  try {
    const manifest = JSON.parse(readFileSync(path.join(source, manifestName), 'utf8'))
    if (manifest.version === 1 && Array.isArray(manifest.files)) return manifest
  } catch {
    // Told below.
  }
  throw new Refusal(`${source} is no backup: it holds no ${manifestName} of one.`)
}

/** @param {string} source @param {Manifest} manifest */
async function checkFilesOrThrow(source, { files }) {
  const found = existsSync(path.join(source, 'state'))
    ? await describeFiles(path.join(source, 'state'))
    : []
  const hashes = new Map(found.map((file) => [file.path, file.sha256]))
  const damaged = files.filter((file) => hashes.get(file.path) !== file.sha256)
  const [first] = damaged
  if (first === undefined) return
  throw new Refusal(
    `${source} is damaged: ${damaged.length} of its ${files.length} files are missing or not as they were, ` +
      `${first.path} the first. Nothing was restored.`,
  )
}

/** @param {readonly BackedUpFile[]} files */
function summarize(files) {
  return { fileCount: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) }
}
