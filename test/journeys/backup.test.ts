import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client, readSample } from './client.ts'
import { canListProcesses, waitForNoProcess } from './setup/processes.ts'
import { type System, startSystem } from './setup/system.ts'

const root = path.resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-backups-'))
const backup = path.join(folder, 'backup')

let system: System
let stateFolder: string

const run = (script: 'backup' | 'restore') =>
  execFileSync(process.execPath, [`scripts/${script}.mjs`, backup], {
    cwd: root,
    env: { ...process.env, STATE_DIR: stateFolder },
    encoding: 'utf8',
    stdio: 'pipe',
  })

async function stop() {
  await system.stop('SIGINT')
  if (canListProcesses) await waitForNoProcess(stateFolder, 10_000)
}

/** What a user can see of all that is theirs. */
async function look(email: string, password: string) {
  const user = await Client.logIn(system.apiUrl, email, password)
  const items = (await user.send('GET', '/api/datasets/kept/data')).body.data
  const inferences = (await user.send('GET', '/api/inferences')).body.data
  const transactions = (await user.send('GET', '/api/users/tokens')).body.data
  const bytes = await Promise.all(
    (items.items as { imageUrl: string; maskUrl: string }[])
      .flatMap(({ imageUrl, maskUrl }) => [imageUrl, maskUrl])
      // The port is another one after each start.
      .map((url) => new URL(url))
      .map((url) => fetch(`${system.apiUrl}${url.pathname}${url.search}`).then((it) => it.bytes())),
  )
  return {
    balance: await user.balance(),
    itemCount: items.totalItems,
    jobs: (inferences.inferences as { id: string; status: string }[]).map(({ id, status }) => ({
      id,
      status,
    })),
    transactions: transactions.transactions,
    sizes: bytes.map((each) => each.length),
    sums: bytes.map((each) => each.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 0)),
  }
}

describe('a copy that is backed up, destroyed and restored', () => {
  const password = 'Passw0rd!'
  let email: string
  let before: Awaited<ReturnType<typeof look>>

  beforeAll(async () => {
    system = await startSystem()
    stateFolder = system.stateFolder
    const user = await Client.register(system.apiUrl)
    email = user.email
    await user.send('POST', '/api/datasets', { name: 'kept' })
    await user.upload(
      'kept',
      readSample('chelsea-scratch.png'),
      readSample('chelsea-scratch-mask.png'),
    )
    const started = await user.send('POST', '/api/inferences', {
      datasetName: 'kept',
      modelId: 'telea',
      parameters: {},
    })
    await user.watch(started.body.data?.jobId ?? started.body.jobId)
    before = await look(email, password)
  })
  afterAll(async () => {
    await system.stop('SIGKILL')
    if (canListProcesses) await waitForNoProcess(stateFolder, 10_000)
    system.forget()
    rmSync(folder, { recursive: true, force: true })
  })

  it('is refused a backup while it runs', () => {
    expect(() => run('backup')).toThrow(/is in use by .* stop it first/)
  })

  it('has every balance, item, job and byte again, and a reconciliation finds nothing', async () => {
    expect(before).toMatchObject({ itemCount: 1 })
    expect(before.sizes.every((size) => size > 0)).toBe(true)
    await stop()
    expect(run('backup')).toContain('is backed up')
    rmSync(stateFolder, { recursive: true })
    expect(run('restore')).toContain('is as it was at')
    system = await startSystem({ stateFolder })
    expect(await look(email, password)).toEqual(before)
    const administrator = await Client.logInAsAdministrator(system.apiUrl)
    const { body } = await administrator.send('POST', '/api/admin/reconciliations')
    expect(body.data).toMatchObject({ state: 'COMPLETED', repairedCount: 0, unrepairedCount: 0 })
  })

  it('loses what was done after the backup, and nothing else', async () => {
    const user = await Client.logIn(system.apiUrl, email, password)
    await user.send('DELETE', '/api/datasets/kept')
    await user.send('POST', '/api/datasets', { name: 'later' })
    await stop()
    expect(run('restore')).toContain('What was there is in')
    system = await startSystem({ stateFolder })
    expect(await look(email, password)).toEqual(before)
  })
})
