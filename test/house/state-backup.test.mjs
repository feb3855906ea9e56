import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { backUpState, restoreState } from '../../scripts/lib/state-backup.mjs'

const scratch = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-backup-'))
afterAll(() => rmSync(scratch, { recursive: true }))

let state = ''
let backup = ''
let count = 0

/** @param {string} folder @param {string} file @param {string} text */
function write(folder, file, text) {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
  writeFileSync(path.join(folder, file), text)
}

/** @param {string} file */
const read = (file) => readFileSync(path.join(state, file), 'utf8')

beforeEach(() => {
  count += 1
  state = path.join(scratch, `state-${count}`)
  backup = path.join(scratch, `backup-${count}`)
  write(state, 'v3/d1/database.sqlite', 'rows')
  write(state, 'v3/r2/blobs/one', 'bytes')
  write(state, 'secrets.env', 'JWT_SECRET=x')
  write(state, 'logs/wrangler.log', 'words')
})

describe('a backup', () => {
  it('brings back what was changed and what was deleted, and takes away what came after it', async () => {
    expect(await backUpState(state, backup)).toEqual({ fileCount: 3, bytes: 21 })
    write(state, 'v3/d1/database.sqlite', 'other')
    write(state, 'v3/r2/blobs/two', 'new')
    rmSync(path.join(state, 'v3/r2/blobs/one'))
    const { aside } = await restoreState(backup, state)
    expect(read('v3/d1/database.sqlite')).toBe('rows')
    expect(read('v3/r2/blobs/one')).toBe('bytes')
    expect(existsSync(path.join(state, 'v3/r2/blobs/two'))).toBe(false)
    expect(readFileSync(path.join(aside ?? '', 'v3/r2/blobs/two'), 'utf8')).toBe('new')
  })

  it('is restored where nothing is', async () => {
    await backUpState(state, backup)
    rmSync(state, { recursive: true })
    expect(await restoreState(backup, state)).toMatchObject({ fileCount: 3, aside: null })
    expect(read('secrets.env')).toBe('JWT_SECRET=x')
    expect(readdirSync(state).sort()).toEqual(['secrets.env', 'v3'])
  })

  it('leaves the logs out', async () => {
    await backUpState(state, backup)
    expect(readdirSync(path.join(backup, 'state')).sort()).toEqual(['secrets.env', 'v3'])
  })

  it('is neither made nor restored while the copy runs', async () => {
    await backUpState(state, backup)
    // A process that runs one of the scripts.
    const runner = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)', 'scripts'])
    write(state, 'running.lock', JSON.stringify({ pid: runner.pid, url: 'http://127.0.0.1:1' }))
    const refusal = /is in use by http:\/\/127\.0\.0\.1:1 \(process \d+\): stop it first/
    await expect(backUpState(state, `${backup}-2`)).rejects.toThrow(refusal)
    await expect(restoreState(backup, state)).rejects.toThrow(refusal)
    runner.kill('SIGKILL')
    expect(existsSync(`${backup}-2`)).toBe(false)
  })

  it('lets nobody start meanwhile, and everybody after it', async () => {
    await backUpState(state, backup)
    await restoreState(backup, state)
    expect(existsSync(path.join(state, 'running.lock'))).toBe(false)
  })

  it.each([
    ['a file was changed', () => write(backup, 'state/v3/d1/database.sqlite', 'rows!')],
    ['a file is gone', () => rmSync(path.join(backup, 'state/v3/r2/blobs/one'))],
    ['all files are gone', () => rmSync(path.join(backup, 'state'), { recursive: true })],
  ])('that is damaged is not restored: %s', async (_how, damage) => {
    await backUpState(state, backup)
    damage()
    await expect(restoreState(backup, state)).rejects.toThrow(/is damaged: .* Nothing was restored/)
    expect(read('v3/d1/database.sqlite')).toBe('rows')
  })

  it('is not restored from a folder that is none', async () => {
    await expect(restoreState(path.join(scratch, 'nowhere'), state)).rejects.toThrow('is no backup')
    await expect(restoreState(state, state)).rejects.toThrow('is no backup')
  })

  it('is not made of nothing, nor into a folder that holds something', async () => {
    await expect(backUpState(path.join(scratch, 'none'), backup)).rejects.toThrow(
      'nothing to back up',
    )
    write(backup, 'mine.txt', 'mine')
    await expect(backUpState(state, backup)).rejects.toThrow('is not empty')
    expect(readFileSync(path.join(backup, 'mine.txt'), 'utf8')).toBe('mine')
  })
})
