import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import recorded from '../../scripts/scale/counts.json'
import { createApp } from '../../src/app.ts'
import { sweep } from '../../src/sweep.ts'
import { createArchive } from '../media/archives/archive-builder.ts'
import {
  createDatasetWithItems,
  deliver,
  end,
  ndjson,
  type ServiceCall,
  succeeded,
} from '../support/inferences.ts'
import { createPerson } from '../support/people.ts'
import { type Counts, createTally } from '../support/tally.ts'
import { createForm, mask, picture } from '../support/uploads.ts'
import { createUser, type TestUser } from '../support/world.ts'

/*
 * What the platform counts of each piece of work, counted in the real Worker. scripts/scale/counts.json holds what was
 * counted, and docs/costs.md and docs/scale.md are computed from it: a change of what a request costs fails here until it
 * is written down there (`npm run scale -- --write` then writes the documents anew).
 */

const tally = createTally((call: ServiceCall) =>
  call.items
    ? ndjson([...call.items.map((item) => succeeded(item.id)), end])
    : Response.json({ error: { code: 'service.not_ready', message: '' } }, { status: 503 }),
)
const app = createApp(() => tally.services)
const counted: Record<string, Counts> = {}
const bytes: Record<string, number> = {}
let mario: TestUser
let dataset: string

async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = new Headers({ authorization: `Bearer ${mario.accessToken}` })
  if (body !== undefined && !(body instanceof FormData)) {
    headers.set('content-type', 'application/json')
  }
  const init: RequestInit = { method, headers }
  if (body !== undefined) init.body = body instanceof FormData ? body : JSON.stringify(body)
  return app.request(path, init, tally.env)
}

/** Does it once before it is counted, so that nothing is counted that only the first of its kind needs. */
async function count(name: string, work: () => Promise<unknown>): Promise<void> {
  await work()
  counted[name] = await tally.during(work)
}

async function upload(): Promise<void> {
  const form = createForm({ datasetName: dataset, image: picture, mask })
  const answer = await ask('POST', '/api/datasets/data', form)
  expect(answer.status).toBe(200)
  await settleAccount()
}

/** What an account delivers after its answer is counted as a part of what made it. */
const settleAccount = () => env.TOKEN_ACCOUNTS.getByName(mario.id).flush()

/** How large the database and the account's object are, in bytes. */
async function readSizes() {
  await settleAccount()
  const { meta } = await env.DB.prepare('SELECT 1').run()
  const stub = env.TOKEN_ACCOUNTS.getByName(mario.id)
  const account = await runInDurableObject(stub, (_, state) => state.storage.sql.databaseSize)
  return { d1: meta.size_after, account }
}

beforeAll(async () => {
  mario = await createUser({ tokens: 100_000 })
  dataset = await createDatasetWithItems(mario, { images: 300 })
  await tally.watchAccount(mario.id)
})

describe('what the platform counts', () => {
  it('of a login', async () => {
    const { user, password } = await createPerson()
    const { email } = user
    await count('login', async () => {
      const answer = await ask('POST', '/api/users/login', { email, password })
      expect(answer.status).toBe(200)
    })
  })

  it('of a pair that is uploaded', () => count('upload', upload))

  it('of a hundred pairs in an archive', async () => {
    const pairs = Array.from({ length: 100 }, (_, number) => [
      { name: `image_${number}.png`, content: picture },
      { name: `mask_${number}.png`, content: mask },
    ])
    const archive = createArchive(pairs.flat())
    await count('archiveOf100', async () => {
      const form = createForm({ datasetName: dataset, image: [archive, 'pairs.zip'] })
      expect((await ask('POST', '/api/datasets/data', form)).status).toBe(200)
      await settleAccount()
    })
  })

  it.each([1, 16, 160])('of an inference of %i pairs, from its start to its end', async (pairs) => {
    const name = await createDatasetWithItems(mario, { images: pairs })
    let running = await tally.during(async () => undefined)
    const run = async () => {
      tally.messages.length = 0
      const started = await ask('POST', '/api/inferences', { datasetName: name, modelId: 'telea' })
      expect(started.status).toBe(201)
      const body = (await started.json()) as { jobId: number; inference: { id: string } }
      const status = `/api/inferences/job/${body.jobId}/status`
      running = await tally.aside(() => ask('GET', status))
      while (tally.messages.length > 0) await deliver(tally.services, tally.messages.splice(0, 4))
      await settleAccount()
      return body
    }
    await count(`inferenceOf${pairs}`, run)
    const { jobId, inference } = await run()
    counted[`pollRunningOf${pairs}`] = running
    await count(`pollOf${pairs}`, async () => {
      const answer = await ask('GET', `/api/inferences/job/${jobId}/status`)
      expect(((await answer.json()) as { data: { status: string } }).data.status).toBe('completed')
    })
    await count(`resultsOf${pairs}`, async () => {
      const answer = await ask('GET', `/api/inferences/${inference.id}/results?limit=100`)
      expect(answer.status).toBe(200)
    })
  })

  it('of a result that is fetched by its URL', async () => {
    const items = (await (
      await ask('GET', `/api/datasets/${dataset}/data?limit=1&page=301`)
    ).json()) as {
      data: { items: { imageUrl: string }[] }
    }
    const { pathname, search } = new URL(items.data.items[0]?.imageUrl ?? '')
    await count('download', async () => {
      expect((await ask('GET', pathname + search)).status).toBe(302)
    })
  })

  it('of a page of twenty items', () =>
    count('itemsPage', () => ask('GET', `/api/datasets/${dataset}/data?limit=20`)))

  it('of a minute in which nothing is to be done', async () => {
    // The first minutes of a day compare accounts and objects with their rows.
    for (let minute = 0; minute < 5; minute += 1) await sweep(tally.services)
    await count('sweep', () => sweep(tally.services))
  })

  it('of the room that an item and its result take', async () => {
    const pairs = 120
    const name = await createDatasetWithItems(mario, {})
    const before = await readSizes()
    for (let pair = 0; pair < pairs; pair += 1) {
      const form = createForm({ datasetName: name, image: picture, mask })
      expect((await ask('POST', '/api/datasets/data', form)).status).toBe(200)
    }
    const uploaded = await readSizes()
    tally.messages.length = 0
    await ask('POST', '/api/inferences', { datasetName: name, modelId: 'telea' })
    while (tally.messages.length > 0) await deliver(tally.services, tally.messages.splice(0, 4))
    await settleAccount()
    const inferred = await readSizes()
    bytes.d1OfUpload = (uploaded.d1 - before.d1) / pairs
    bytes.d1OfResult = (inferred.d1 - uploaded.d1) / pairs
    bytes.accountOfUpload = (uploaded.account - before.account) / pairs
  })

  it('is what the model of costs and scale was computed from', () => {
    const known: Record<string, Counts> = recorded.counts
    expect(withoutReads(counted), 'scripts/scale/counts.json').toEqual(withoutReads(known))
    for (const [name, { d1RowsRead, objectRowsRead }] of Object.entries(counted)) {
      expectAbout(d1RowsRead, known[name]?.d1RowsRead, `d1RowsRead of ${name}`)
      expectAbout(objectRowsRead, known[name]?.objectRowsRead, `objectRowsRead of ${name}`)
    }
    // Stores grow by pages of 4096 bytes, and not by rows.
    for (const [kind, expected] of Object.entries(recorded.bytes)) {
      expectAbout(bytes[kind], expected, kind)
    }
  })
})

function withoutReads(all: Record<string, Counts>) {
  return Object.fromEntries(
    Object.entries(all).map(([name, { d1RowsRead, objectRowsRead, ...exact }]) => [name, exact]),
  )
}

/** A search reads some rows more or less, by where an id happens to stand. */
function expectAbout(measured = 0, expected = 0, what = ''): void {
  const isClose = Math.abs(measured - expected) <= Math.max(20, expected / 4)
  expect(isClose, `${what}: ${measured}, and ${expected} in scripts/scale/counts.json`).toBe(true)
}
