// node repair.mjs BASE_URL PICTURE MASK   removes from the picture what is white in the mask; needs Node 20 or newer
import { openAsBlob } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const [base, picture, mask] = process.argv.slice(2)
const headers = {}

async function call(method, path, body, further = {}) {
  const isForm = body instanceof FormData
  const type = body && !isForm ? { 'content-type': 'application/json' } : {}
  const answer = await fetch(base + path, {
    method,
    headers: { ...headers, ...type, ...further },
    body: isForm ? body : body && JSON.stringify(body),
  })
  const told = await answer.json()
  if (!answer.ok) throw new Error(`${answer.status} ${told.code}: ${told.message}`)
  return told
}

const account = { email: `${crypto.randomUUID()}@example.com`, password: 'Passw0rd!' }
await call('POST', '/api/users/user', { name: 'Mario', surname: 'Rossi', ...account })
headers.authorization = `Bearer ${(await call('POST', '/api/users/login', account)).data.token}`

await call('POST', '/api/datasets', { name: 'From a program' })
const form = new FormData()
form.append('datasetName', 'From a program')
form.append('image', await openAsBlob(picture), basename(picture))
form.append('mask', await openAsBlob(mask), basename(mask))
await call('POST', '/api/datasets/data', form)

// The key makes it safe to send this request again when its answer is lost: it is charged once.
const once = { 'idempotency-key': crypto.randomUUID() }
const start = { datasetName: 'From a program' }
const { jobId, inference } = await call('POST', '/api/inferences', start, once)
let job
do {
  await sleep(500)
  job = (await call('GET', `/api/inferences/job/${jobId}/status`)).data
} while (!['completed', 'failed'].includes(job.status))

const { images, failures } = (await call('GET', `/api/inferences/${inference.id}/results`)).data
if (images.length === 0) throw new Error(JSON.stringify(failures))
const result = await fetch(images[0].downloadUrl)
await writeFile('repaired.png', new Uint8Array(await result.arrayBuffer()))
console.log('repaired.png')
