import { env } from 'cloudflare:workers'
import { createArchive } from '../media/archives/archive-builder.ts'
import { allSucceed, deliver, startHeld } from '../support/inferences.ts'
import { createHeldContext, receive } from '../support/ingestions.ts'
import { mask, picture, upload } from '../support/uploads.ts'
import { balanceOf, createUser, request, services, type TestUser } from '../support/world.ts'

/** What a person has, by the names that addresses give it. */
export interface Things {
  readonly userId: string
  readonly email: string
  readonly dataset: string
  readonly fileType: string
  readonly fileName: string
  readonly upload: string
  readonly fileUpload: string
  readonly inference: string
  readonly job: string
  readonly result: string
  readonly reconciliation: string
}

/** Names of the same form that nothing has. */
export function nameNothing(): Things {
  const id = () => crypto.randomUUID()
  return {
    userId: id(),
    email: `${id()}@example.com`,
    dataset: `dataset ${id()}`,
    fileType: 'image',
    fileName: `${id()}_${id()}.png`,
    upload: id(),
    fileUpload: id(),
    inference: id(),
    job: String(Math.floor(1e9 + Math.random() * 1e9)),
    result: `${id()}.png`,
    reconciliation: id(),
  }
}

const lastPart = (path: string) => path.split('/').at(-1) ?? ''

/** A user with one of everything: a dataset with an item, an archive under way, a file in parts, a finished inference. */
export async function createOwner(): Promise<{ owner: TestUser; things: Things }> {
  const owner = await createUser({ tokens: 1000 })
  await request(owner, 'POST', '/api/datasets', { json: { name: 'photos' } })
  const dataset = `photos of ${owner.id}`
  await upload(owner, { image: picture, mask })
  const archive = createArchive([
    { name: 'image.png', content: picture },
    { name: 'mask.png', content: mask },
  ])
  const ingestion = await receive(createHeldContext().context, owner, {
    image: [archive, 'pair.zip'],
  })
  await request(owner, 'PUT', '/api/datasets/photos', { json: { name: dataset } })

  const items = await request(owner, 'GET', `/api/datasets/${encodeURIComponent(dataset)}/data`)
  const opened = await request(owner, 'POST', '/api/uploads', {
    json: { fileName: 'a.zip', bytes: 10 },
  })
  const started = await startHeld(owner, dataset)
  await deliver(allSucceed, started.messages)
  const results = await request(owner, 'GET', `/api/inferences/${started.id}/results`)
  const downloadUrl = new URL(results.body.data.images[0].downloadUrl)
  const resultKey = downloadUrl.pathname.slice('/media/'.length)
  await env.MEDIA.put(resultKey, new Uint8Array(1000), {
    httpMetadata: { contentType: 'image/png' },
  })
  return {
    owner,
    things: {
      ...nameNothing(),
      userId: owner.id,
      email: owner.email,
      dataset,
      fileName: lastPart(items.body.data.items[0].imagePath),
      upload: ingestion ?? '',
      fileUpload: opened.body.data.id,
      inference: started.id,
      job: String(started.jobId),
      result: lastPart(downloadUrl.pathname),
    },
  }
}

/** Every row, every stored object and these people's balances, to tell whether anything at all has changed. */
export async function photographWorld(people: readonly TestUser[]): Promise<string> {
  const { results: tables } = await env.DB.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'table'
     AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%' AND name NOT LIKE 'd1_%'`,
  ).all<{ name: string }>()
  const rows = await env.DB.batch(
    tables.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}" ORDER BY 1, 2`)),
  )
  const keys: string[] = []
  for await (const { key, bytes } of services.media.list('')) keys.push(`${key} ${bytes}`)
  const balances = await Promise.all(people.map(balanceOf))
  return JSON.stringify({ tables, rows: rows.map(({ results }) => results), keys, balances })
}
