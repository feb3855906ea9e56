import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { type Answer, Client, readSample } from '../client.ts'

const apiUrl = inject('apiUrl')
const photo = readSample('chelsea-scratch.png')
const mask = readSample('chelsea-scratch-mask.png')
const datasetCount = 40
const payableUploads = 200
const uploadPrice = 0.65
const itemPrice = 2.75
const initialTokens = 100
const tokens = (amount: number) => Math.round(amount * 1000) / 1000
const times = <Value>(count: number, make: (index: number) => Value) =>
  Array.from({ length: count }, (_, index) => make(index))
const nameOf = (index: number) => `at once ${index % datasetCount}`

interface Listed {
  readonly id: string
  readonly status: string
}

interface Entry {
  readonly operationType: string
  readonly amount: number
  readonly status: string
}

let mario: Client
let admin: Client

const recharge = async (amount: number) => {
  const json = { email: mario.email, amount: tokens(amount) }
  expect((await admin.send('POST', '/api/admin/user-tokens', json)).status).toBe(200)
}

const countByStatus = (answers: readonly Answer[]) =>
  Object.fromEntries(
    [...new Set(answers.map(({ status }) => status))].map((status) => [
      status,
      answers.filter((answer) => answer.status === status).length,
    ]),
  )

async function listInferences(): Promise<Listed[]> {
  return (await mario.send('GET', '/api/inferences?limit=100')).body.data.inferences
}

async function listEntries(): Promise<Entry[]> {
  const me = await mario.send('GET', '/api/users/profile')
  const route = `/api/admin/transactions?userId=${me.body.data.id}&limit=100`
  const entries: Entry[] = []
  for (let page = 1; ; page += 1) {
    const { data } = (await admin.send('GET', `${route}&page=${page}`)).body
    entries.push(...data.transactions)
    if (page >= data.pagination.totalPages) return entries
  }
}

beforeAll(async () => {
  admin = await Client.logInAsAdministrator(apiUrl)
  mario = await Client.register(apiUrl)
  for (const name of times(datasetCount, nameOf)) {
    await mario.send('POST', '/api/datasets', { name })
  }
})

describe('everything of one user at once', () => {
  it('uploads 200 pairs for exactly what they cost, and refuses those that are beyond the tokens', async () => {
    await recharge(payableUploads * uploadPrice - initialTokens)
    const answers = await Promise.all(
      times(payableUploads + 4, (index) => mario.upload(nameOf(index), photo, mask)),
    )
    expect(countByStatus(answers)).toEqual({ 200: payableUploads, 401: 4 })
    for (const { status, body } of answers) {
      if (status === 401) expect(body.code).toBe('tokens.insufficient')
    }
    expect(await mario.balance()).toBe(0)
    const { data } = (await mario.send('GET', `/api/datasets?limit=${datasetCount}`)).body
    const counts: number[] = data.map(({ itemCount }: { itemCount: number }) => itemCount)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(payableUploads)
  }, 120_000)

  it('runs 40 inferences for exactly what they cost, and starts none beyond the tokens', async () => {
    await recharge(payableUploads * itemPrice)
    const start = (index: number) =>
      mario.send('POST', '/api/inferences', { datasetName: nameOf(index), modelId: 'telea' })
    const started = await Promise.all(times(datasetCount, start))
    expect(countByStatus(started)).toEqual({ 201: datasetCount })
    const refused = await start(0)
    expect([refused.status, refused.body.code]).toEqual([401, 'tokens.insufficient'])

    const isOpen = ({ status }: Listed) => status === 'PENDING' || status === 'RUNNING'
    while ((await listInferences()).some(isOpen)) await sleep(300)
    const ended = await listInferences()
    expect(ended.map(({ status }) => status)).toEqual(times(datasetCount, () => 'COMPLETED'))
    const told = await Promise.all(
      ended.map(({ id }) => mario.send('GET', `/api/inferences/${id}`)),
    )
    const spent = told.reduce((sum, { body }) => sum + body.data.tokensSpent, 0)
    expect(tokens(spent)).toBe(payableUploads * itemPrice)
    expect(await mario.balance()).toBe(0)
  }, 120_000)

  it('delivered every picture that was paid, under its hash', async () => {
    let delivered = 0
    for (const { id } of await listInferences()) {
      const { data } = (await mario.send('GET', `/api/inferences/${id}/results`)).body
      const addresses: string[] = data.images.map(
        ({ downloadUrl }: { downloadUrl: string }) => downloadUrl,
      )
      const answers = await Promise.all(addresses.map((address) => fetch(address)))
      const sizes = await Promise.all(answers.map(async (one) => (await one.bytes()).length))
      const told = data.items.map(({ sizeBytes }: { sizeBytes: number }) => sizeBytes)
      expect(answers.every(({ status }) => status === 200)).toBe(true)
      expect(sizes.sort()).toEqual(told.sort())
      delivered += sizes.length
    }
    expect(delivered).toBe(payableUploads)
  }, 60_000)

  it('left an entry for each of it and no other, which add up to the balance', async () => {
    // The last entries may still be on their way to the list.
    const all = payableUploads + datasetCount + 8
    let entries = await listEntries()
    for (let tries = 0; entries.length < all && tries < 40; tries += 1) {
      await sleep(250)
      entries = await listEntries()
    }
    const of = (type: string, isDenied = false) =>
      entries.filter(
        ({ operationType, status }) =>
          operationType === type && (status === 'aborted') === isDenied,
      ).length
    expect({
      grants: of('initial_grant'),
      recharges: of('admin_recharge'),
      uploads: of('dataset_upload'),
      deniedUploads: of('dataset_upload', true),
      inferences: of('inference'),
      deniedInferences: of('inference', true),
      all: entries.length,
    }).toEqual({
      grants: 1,
      recharges: 2,
      uploads: payableUploads,
      deniedUploads: 4,
      inferences: datasetCount,
      deniedInferences: 1,
      all,
    })
    const moved = entries.filter(({ status }) => status !== 'aborted')
    expect(moved.reduce((sum, { amount }) => sum + amount, 0)).toBeCloseTo(0, 6)
    expect(entries.filter(({ status }) => status === 'pending')).toEqual([])
  })
})
