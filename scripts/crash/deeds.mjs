import { setTimeout as sleep } from 'node:timers/promises'
import { filmFps, filmFrames, makeArchive, pairs } from './media.mjs'

/** @typedef {import('./people.mjs').Person} Person */
/** @typedef {import('./people.mjs').MediaKind} MediaKind */
/** @typedef {{ client: import('./client.mjs').Client, person: Person, random: import('./random.mjs').Random, film: import('./media.mjs').Pair, adminToken: string, wrong: string[] }} Life */

/** A new dataset is begun beyond it: an inference works on all of one. */
const itemsMax = 10
const rechargeTokens = 500
const minimumTokens = 200
/** Beyond it people wait before they start another. */
const openJobsMax = 6

/** Does one thing after another until the load is over, and sees each to its end. @param {Life} life @param {{ isOver: boolean }} load */
export async function live(life, load) {
  const { random } = life
  while (!load.isOver) {
    await random.pick(deeds)(life)
    await sleep(random.below(400))
  }
}

/** What people do; what stands here twice is done twice as often. @type {readonly ((life: Life) => Promise<void>)[]} */
const deeds = [
  sendPair,
  sendPair,
  sendPair,
  sendPair,
  sendArchive,
  sendArchive,
  sendFilm,
  startInference,
  startInference,
  startInference,
  abortInference,
]

/** @param {Life} life */
function sendPair(life) {
  const { image, mask } = life.random.pick(pairs)
  return upload(life, 'pair', 1, (datasetName) => ({
    createForm: () => createForm({ datasetName, image, mask }),
  }))
}

/** @param {Life} life */
function sendArchive(life) {
  const chosen = Array.from({ length: 2 + life.random.below(4) }, () => life.random.pick(pairs))
  const image = { name: 'pairs.zip', bytes: makeArchive(chosen) }
  const headers = life.random.below(2) === 0 ? { prefer: 'respond-async' } : {}
  return upload(life, 'archive', chosen.length, (datasetName) => ({
    createForm: () => createForm({ datasetName, image }),
    headers,
  }))
}

/** @param {Life} life */
async function sendFilm(life) {
  const { client, person, film } = life
  const [image, mask] = await Promise.all(
    [film.image, film.mask].map((file) => client.sendInParts(file, person.token)),
  )
  await upload(life, 'film', filmFrames, (datasetName) => ({
    json: { datasetName, image, mask, fps: filmFps },
  }))
}

/**
 * @param {Life} life @param {MediaKind} kind @param {number} itemCount
 * @param {(datasetName: string) => Pick<import('./client.mjs').Asked, 'json' | 'createForm' | 'headers'>} describe
 */
async function upload(life, kind, itemCount, describe) {
  const { client, person } = life
  await ensureTokens(life)
  const dataset = await findDataset(life, kind)
  const startedMs = Date.now()
  const asked = { method: 'POST', path: '/api/datasets/data', token: person.token }
  const answer = await client.wish({ ...asked, ...describe(dataset.name) })
  const ended = answer.status === 202 ? await watchUpload(life, answer.body.upload.id) : answer.body
  if (answer.status === 202 && ended.status === 'FAILED') {
    person.failedUploads.push(`${kind}: ${JSON.stringify(ended.error)}`)
    return
  }
  if (answer.status >= 300 || (answer.status === 200 && ended.processedItems !== itemCount)) {
    life.wrong.push(`The upload of a ${kind} was answered ${JSON.stringify(answer)}`)
    return
  }
  dataset.told += itemCount
  person.uploads.push({ kind, startedMs, endedMs: Date.now() })
}

/** @param {Life} life @param {string} id */
async function watchUpload({ client, person }, id) {
  for (;;) {
    const path = `/api/datasets/uploads/${id}`
    const { body } = await client.askOn({ method: 'GET', path, token: person.token })
    if (['COMPLETED', 'FAILED'].includes(body.upload.status)) return body.upload
    await sleep(500)
  }
}

/** @param {Life} life */
async function startInference(life) {
  const { client, person, random, wrong } = life
  const { token } = person
  const filled = person.datasets.filter(({ told }) => told > 0)
  const { body } = await client.askOn({ method: 'GET', path: '/api/inferences?limit=100', token })
  const open = body.data.inferences.filter((/** @type {{ status: string }} */ { status }) =>
    ['PENDING', 'RUNNING'].includes(status),
  )
  if (filled.length === 0 || open.length > openJobsMax) return
  await ensureTokens(life)
  const json = { datasetName: random.pick(filled).name, modelId: 'telea' }
  const answer = await client.wish({ method: 'POST', path: '/api/inferences', json, token })
  if (answer.status === 201) person.inferences.push(answer.body.inference.id)
  else wrong.push(`An inference was answered ${JSON.stringify(answer)}`)
}

/** Aborting again changes nothing, so it needs no key. @param {Life} life */
async function abortInference({ client, person, random, wrong }) {
  const id = person.inferences.at(-1)
  if (id === undefined || random.below(2) === 0) return
  const path = `/api/inferences/${id}/abort`
  const { status, body } = await client.askOn({ method: 'POST', path, token: person.token })
  if (status === 200) person.aborted.add(id)
  else if (status !== 409) wrong.push(`An abort was answered ${status} ${JSON.stringify(body)}`)
}

/** @param {Life} life */
async function ensureTokens({ client, person, adminToken, wrong }) {
  const asked = { method: 'GET', path: '/api/users/tokens', token: person.token }
  if ((await client.askOn(asked)).body.data.balance > minimumTokens) return
  const answer = await client.wish({
    method: 'POST',
    path: '/api/admin/user-tokens',
    json: { email: person.email, amount: rechargeTokens },
    token: adminToken,
  })
  if (answer.status === 200) person.granted += rechargeTokens
  else wrong.push(`A recharge was answered ${JSON.stringify(answer)}`)
}

/** @param {Life} life @param {MediaKind} kind */
async function findDataset({ client, person, wrong }, kind) {
  const last = person.datasets.findLast((dataset) => dataset.kind === kind)
  if (last && last.told < itemsMax) {
    await last.created
    return last
  }
  const name = `${kind}s ${person.datasets.length + 1}`
  const json = { name }
  const created = client.wish({ method: 'POST', path: '/api/datasets', json, token: person.token })
  const dataset = { name, kind, told: 0, created }
  person.datasets.push(dataset)
  const answer = await created
  if (answer.status !== 201) wrong.push(`A dataset was answered ${JSON.stringify(answer)}`)
  return dataset
}

/** @param {{ datasetName: string, image: import('./media.mjs').MediaFile, mask?: import('./media.mjs').MediaFile }} parts */
function createForm({ datasetName, image, mask }) {
  const form = new FormData()
  form.append('datasetName', datasetName)
  form.append('image', new File([image.bytes], image.name))
  if (mask) form.append('mask', new File([mask.bytes], mask.name))
  return form
}
