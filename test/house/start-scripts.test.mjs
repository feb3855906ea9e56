import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { takeLock } from '../../scripts/lib/pid-lock.mjs'
import { formatTail, Refusal } from '../../scripts/lib/say.mjs'
import { ensureSecrets } from '../../scripts/lib/secrets.mjs'
import { readStartSettingsOrThrow, workerSettingNames } from '../../scripts/lib/start-settings.mjs'

const scratch = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-house-'))
afterAll(() => rmSync(scratch, { recursive: true }))

describe('the settings of npm start', () => {
  it('are the documented ones when nothing is set', () => {
    expect(readStartSettingsOrThrow({})).toMatchObject({
      port: 8787,
      inferencePort: 8788,
      workerUrl: 'http://127.0.0.1:8787',
      inferenceUrl: 'http://127.0.0.1:8788',
      logLevel: 'warn',
      workerSettings: {},
    })
    expect(readStartSettingsOrThrow({}).stateFolder).toMatch(/\.wrangler\/state$/)
  })

  it('hand the settings of the Worker on, and nothing else of the environment', () => {
    const environment = { PRICE_PLAN: 'specification', JWT_SECRET: 'mine', HOME: '/somewhere' }
    expect(readStartSettingsOrThrow(environment).workerSettings).toEqual({
      PRICE_PLAN: 'specification',
    })
  })

  it('know every setting of the Worker that has a default or may be left out', () => {
    const config = readFileSync(new URL('../../src/config.ts', import.meta.url), 'utf8')
    const optional = config.matchAll(
      /^ {2}([A-Z][A-Z0-9_]+): .*(?:wholeNumber\(|\.default\(|\.optional\()/gm,
    )
    const known = new Set(/** @type {readonly (string | undefined)[]} */ (workerSettingNames))
    expect([...optional].map(([, name]) => name).filter((name) => !known.has(name))).toEqual([])
  })

  it.each([
    [{ PORT: '0' }, "PORT is '0'"],
    [{ PORT: '8787.5' }, "PORT is '8787.5'"],
    [{ INFERENCE_PORT: '-1' }, "INFERENCE_PORT is '-1'"],
    [{ PORT: '8788' }, 'PORT and INFERENCE_PORT are both 8788'],
    [{ LOG_LEVEL: 'loud' }, "LOG_LEVEL is 'loud'"],
  ])('refuse %j in a sentence', (environment, sentence) => {
    expect(() => readStartSettingsOrThrow(environment)).toThrow(Refusal)
    expect(() => readStartSettingsOrThrow(environment)).toThrow(sentence)
  })
})

describe('the lock of a state folder', () => {
  const file = path.join(scratch, 'locked', 'running.lock')

  it('is held until it is released', () => {
    const lock = takeLock(file, { url: 'http://127.0.0.1:1' })
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      pid: process.pid,
      url: 'http://127.0.0.1:1',
    })
    lock.release?.()
    expect(existsSync(file)).toBe(false)
  })

  it.each([
    ['of a process that has gone', JSON.stringify({ pid: spawnSync('true').pid })],
    ['of a process that is no script of ours', JSON.stringify({ pid: 1 })],
    ['that says nothing', ''],
  ])('%s is taken over', (_case, content) => {
    takeLock(file).release?.()
    writeFileSync(file, content)
    const lock = takeLock(file)
    expect(lock.holder).toBeUndefined()
    lock.release?.()
  })
})

describe('the secrets of a state folder', () => {
  it('are made once and kept, and what is missing is added', () => {
    const folder = path.join(scratch, 'secrets')
    const first = ensureSecrets(folder)
    expect(first.values.JWT_SECRET).toMatch(/^[0-9a-f]{64}$/)
    expect(new Set(Object.values(first.values)).size).toBe(5)
    expect(ensureSecrets(folder)).toEqual(first)

    writeFileSync(first.file, `JWT_SECRET=${first.values.JWT_SECRET}\n`)
    const again = ensureSecrets(folder)
    expect(again.values.JWT_SECRET).toBe(first.values.JWT_SECRET)
    expect(again.values.MEDIA_URL_SECRET).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('the tail of an output', () => {
  it('is its last lines, indented, without colours and blanks', () => {
    expect(formatTail('one\n\n\u001b[31mtwo\u001b[0m\nthree\n', 2)).toBe('  two\n  three')
    expect(formatTail('')).toBe('  (nothing)')
  })
})
