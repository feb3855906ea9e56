import { AwsClient } from 'aws4fetch'
import { type Answer, Client } from '../client.ts'
import { readSecrets } from '../setup/system.ts'
import { mask, photo, type Sent } from './cases.ts'

export interface Place {
  readonly apiUrl: string
  readonly stateFolder: string
}

/** A user with a dataset, who does one thing at a time: what it changed can be told. */
export interface Lane {
  /** Sends an upload and waits for its end, also where it outlives its request. */
  send(sent: Sent): Promise<Answer>
  /** What an upload that was refused leaves as it was. */
  look(): Promise<{ balance: number; items: number; objects: readonly string[] }>
  readonly client: Client
  readonly datasetName: string
}

export interface Lanes {
  /** Runs work in a lane that is free. */
  use<Result>(work: (lane: Lane) => Promise<Result>): Promise<Result>
  readonly all: readonly Lane[]
}

/** Lanes whose datasets hold a pair each, so that what `look` sees is never nothing. */
export async function openLanes(place: Place, count: number): Promise<Lanes> {
  const all = await Promise.all(Array.from({ length: count }, () => openLane(place)))
  const free = [...all]
  const waiting: ((lane: Lane) => void)[] = []
  const take = () =>
    new Promise<Lane>((resolve) => {
      const lane = free.pop()
      if (lane) resolve(lane)
      else waiting.push(resolve)
    })
  return {
    all,
    async use(work) {
      const lane = await take()
      try {
        return await work(lane)
      } finally {
        const next = waiting.shift()
        if (next) next(lane)
        else free.push(lane)
      }
    },
  }
}

export async function openLane(place: Place): Promise<Lane> {
  const client = await Client.register(place.apiUrl)
  const admin = await Client.logInAsAdministrator(place.apiUrl)
  await admin.send('POST', '/api/admin/user-tokens', { email: client.email, amount: 5000 })
  const datasetName = 'bad media'
  await client.send('POST', '/api/datasets', { name: datasetName })
  const listObjects = createLister(place, `datasets/${readUserId(client.accessToken)}/`)
  const lane: Lane = {
    client,
    datasetName,
    send: (sent) => send(place, client, datasetName, sent),
    async look() {
      const [balance, data, objects] = await Promise.all([
        client.balance(),
        client.send('GET', `/api/datasets/${encodeURIComponent(datasetName)}/data?limit=1`),
        listObjects(),
      ])
      return { balance, items: data.body.data.totalItems, objects }
    },
  }
  const first = await lane.send({ image: photo, mask })
  if (first.status !== 200) throw new Error(`A right pair was refused: ${JSON.stringify(first)}`)
  return lane
}

async function send(
  place: Place,
  client: Client,
  datasetName: string,
  sent: Sent,
): Promise<Answer> {
  const form = new FormData()
  form.append('datasetName', datasetName)
  if (sent.fps !== undefined) form.append('fps', sent.fps)
  const type = sent.contentType ?? 'application/octet-stream'
  const append = (field: string, bytes: Uint8Array | null, name: string) => {
    if (bytes) form.append(field, new File([Uint8Array.from(bytes)], name, { type }))
  }
  append('image', sent.image, sent.imageName ?? 'photo.png')
  append('mask', sent.mask, sent.maskName ?? 'mask.png')
  const headers = { authorization: `Bearer ${client.accessToken}`, prefer: 'wait=25' }
  const answer = await fetch(`${place.apiUrl}/api/datasets/data`, {
    method: 'POST',
    body: form,
    headers,
  })
  const body = (await answer.json()) as Answer['body']
  return answer.status === 202 ? waitForEnd(client, body) : { status: answer.status, body }
}

/** An upload that outlived its request, as the answer that it would have had. */
async function waitForEnd(client: Client, begun: Answer['body']): Promise<Answer> {
  for (;;) {
    const { body } = await client.send('GET', `/api/datasets/uploads/${begun.upload.id}`)
    const { status, error, tokensSpent, report } = body.upload
    if (status === 'FAILED') return { status: error.status, body: error }
    if (status === 'COMPLETED') {
      const processedItems = report.entries.reduce(
        (sum: number, entry: { itemCount: number | null }) => sum + (entry.itemCount ?? 0),
        0,
      )
      return { status: 200, body: { ...body, processedItems, tokenSpent: tokensSpent } }
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Lists what the bucket holds under a prefix, by the S3 API that presigned URLs are of. */
function createLister({ apiUrl, stateFolder }: Place, prefix: string) {
  const secrets = readSecrets(stateFolder)
  const s3 = new AwsClient({
    accessKeyId: secrets.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: secrets.S3_SECRET_ACCESS_KEY ?? '',
    service: 's3',
    region: 'auto',
  })
  const bucket = `${apiUrl}/cdn-cgi/local/r2/s3/pa-inpainting-media`
  return async (): Promise<string[]> => {
    const answer = await s3.fetch(`${bucket}?list-type=2&prefix=${encodeURIComponent(prefix)}`)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`The bucket could not be listed: ${text}`)
    return [...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key).sort()
  }
}

function readUserId(accessToken: string): string {
  return JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()).userId
}
