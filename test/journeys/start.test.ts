import { existsSync, mkdtempSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { canListProcesses, listProcesses, waitForNoProcess } from './setup/processes.ts'
import { readSecrets, type System, startRefused, startSystem } from './setup/system.ts'

const apiUrl = inject('apiUrl')
const inferenceUrl = inject('inferenceUrl')
const portOf = (url: string) => Number(new URL(url).port)

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok
  } catch {
    return false
  }
}

async function logInAsAdministrator(url: string): Promise<number> {
  const answer = await fetch(`${url}/api/users/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'admin@system.com', password: 'AdminPassword123!' }),
  })
  return answer.status
}

describe('the system that npm start brings up', () => {
  it('answers its health check, and so does the inference service', async () => {
    expect(await (await fetch(`${apiUrl}/health`)).json()).toMatchObject({ status: 'OK' })
    const findStatus = async () => {
      const { status } = (await (await fetch(`${inferenceUrl}/health`)).json()) as {
        status: string
      }
      return status
    }
    // What other journeys began may still be in hand.
    await expect.poll(findStatus, { timeout: 50_000 }).toBe('READY')
  })

  it('is seeded: the administrator can log in', async () => {
    expect(await logInAsAdministrator(apiUrl)).toBe(200)
  })

  it('keeps its stores to itself: nobody explores them over HTTP', async () => {
    expect((await fetch(`${apiUrl}/cdn-cgi/local/explorer`)).status).toBe(404)
    expect((await fetch(`${apiUrl}/cdn-cgi/explorer`)).status).toBe(404)
  })

  it('keeps its secrets in a file that only its owner reads', () => {
    const stateFolder = inject('stateFolder')
    expect(statSync(path.join(stateFolder, 'secrets.env')).mode & 0o777).toBe(0o600)
    expect(readSecrets(stateFolder).JWT_SECRET).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('a start that cannot succeed says why in one sentence and leaves everything alone', () => {
  const port = portOf(apiUrl)

  it.each([
    [
      'the port is in use',
      { port },
      `Port ${port} on 127.0.0.1 is in use by another copy of this API`,
    ],
    [
      'the inference port is in use',
      { inferencePort: portOf(inferenceUrl) },
      `Port ${portOf(inferenceUrl)} on 127.0.0.1 is in use by another program: stop it, or set INFERENCE_PORT`,
    ],
    [
      'the state folder is in use',
      { stateFolder: inject('stateFolder') },
      'is in use by a copy that runs on',
    ],
    [
      'both ports are the same',
      { port: 9000, inferencePort: 9000 },
      'PORT and INFERENCE_PORT are both 9000',
    ],
    [
      'the port is none',
      { port: 70_000 },
      "PORT is '70000': it must be a whole number from 1 to 65535.",
    ],
  ])('when %s', async (_case, options, sentence) => {
    const { code, stdout, stderr } = await startRefused(options)
    expect(code).toBe(1)
    expect(stderr).toContain(sentence)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stdout).toBe('')
    expect(await isUp(apiUrl)).toBe(true)
  })
})

describe('a second copy from the same clone', () => {
  const stateFolder = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-second-'))
  let second: System

  beforeAll(async () => {
    second = await startSystem({ stateFolder })
  })
  afterAll(async () => {
    await second.stop('SIGKILL')
    if (canListProcesses) await waitForNoProcess(stateFolder, 10_000)
    second.forget()
  })

  it('runs beside the first with secrets of its own', async () => {
    expect(await Promise.all([isUp(apiUrl), isUp(second.apiUrl)])).toEqual([true, true])
    expect(readSecrets(stateFolder).JWT_SECRET).not.toBe(
      readSecrets(inject('stateFolder')).JWT_SECRET,
    )
  })

  it('says once and alone on a line that it is ready', () => {
    const lines = second.output().stdout.split('\n')
    expect(lines.filter((line) => line.startsWith('ready on'))).toEqual([
      `ready on ${second.apiUrl}`,
    ])
  })

  it('ends with every process at Ctrl-C, frees its folder and leaves the first alone', async () => {
    if (canListProcesses) expect(listProcesses(stateFolder).length).toBeGreaterThan(3)
    expect(await second.stop('SIGINT')).toBe(0)
    if (canListProcesses) expect(await waitForNoProcess(stateFolder, 2_000)).toEqual([])
    expect(await Promise.all([isUp(second.apiUrl), isUp(second.inferenceUrl)])).toEqual([
      false,
      false,
    ])
    expect(existsSync(path.join(stateFolder, 'running.lock'))).toBe(false)
    expect(await isUp(apiUrl)).toBe(true)
  })

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'leaves no process when the npm that started it gets %s',
    async (signal) => {
      second = await startSystem({ stateFolder, byNpm: true })
      await second.stop(signal)
      if (canListProcesses) expect(await waitForNoProcess(stateFolder, 10_000)).toEqual([])
      await expect.poll(() => isUp(second.apiUrl), { timeout: 10_000 }).toBe(false)
    },
  )

  it('starts again with what it had, and leaves no process when it is killed outright', async () => {
    const secrets = readSecrets(stateFolder)
    second = await startSystem({ stateFolder })
    expect(readSecrets(stateFolder)).toEqual(secrets)
    expect(await logInAsAdministrator(second.apiUrl)).toBe(200)
    await second.stop('SIGKILL')
    if (canListProcesses) expect(await waitForNoProcess(stateFolder, 10_000)).toEqual([])
    await expect.poll(() => isUp(second.apiUrl), { timeout: 10_000 }).toBe(false)
  })
})
