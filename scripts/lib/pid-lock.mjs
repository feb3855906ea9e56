import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Takes a lock file that names this process. A lock whose process has gone is taken over.
 * @param {string} file
 * @param {Record<string, unknown>} [note] kept in the file, for whoever finds it
 * @returns {{ holder: undefined, release: () => void } | { holder: { pid: number, [field: string]: unknown }, release?: undefined }}
 */
export function takeLock(file, note = {}) {
  for (;;) {
    if (createWhole(file, JSON.stringify({ pid: process.pid, ...note }))) {
      return { holder: undefined, release: () => rmSync(file, { force: true }) }
    }
    const holder = readHolder(file)
    if (holder && isOurs(holder.pid)) return { holder }
    rmSync(file, { force: true })
  }
}

/**
 * Does work under a lock, after whoever holds it.
 * @template T
 * @param {string} file
 * @param {(pid: number) => void} sayWaiting called once when somebody else holds it
 * @param {() => Promise<T>} work
 */
export async function withLock(file, sayWaiting, work) {
  let lock = takeLock(file)
  if (lock.holder) sayWaiting(lock.holder.pid)
  while (lock.holder) {
    await sleep(200)
    lock = takeLock(file)
  }
  try {
    return await work()
  } finally {
    lock.release()
  }
}

/** A link appears with all its content or not at all, and only where nothing is. @param {string} file @param {string} content */
function createWhole(file, content) {
  const draft = `${file}.${process.pid}`
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(draft, content)
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft)
  }
}

/** @param {string} file */
function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** Whether the process lives and, where the system tells, is one of these scripts and no later namesake. @param {number} pid */
function isOurs(pid) {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('scripts')
  } catch {
    return true
  }
}
