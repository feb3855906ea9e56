import { hashOf, knownHashes } from './media.mjs'
import { createReader, downloadAll } from './reader.mjs'
import { listStoredKeys } from './stored-keys.mjs'

/** @typedef {import('./people.mjs').Person} Person */

/** In thousandths of a token, as the price plan `standard` has them. */
const prices = { pair: 650, archive: 700, film: 400 }
const inferencePrices = { image: 2750, frame: 1500 }

/** An aborted inference's late results are deleted a quarter of an hour after its end. */
const lateWritesMs = 20 * 60_000

/** @param {number} tokens */
const toThousandths = (tokens) => Math.round(tokens * 1000)

/**
 * What does not hold after everything has ended, each a sentence, and the sums in thousandths of a token.
 * @param {{ client: import('./client.mjs').Client, people: readonly Person[], adminToken: string,
 *   url: string, secrets: Record<string, string> }} world
 */
export async function checkInvariants({ client, people, adminToken, url, secrets }) {
  /** @type {string[]} */
  const broken = []
  /** Keys that something which was told of names. @type {Set<string>} */
  const named = new Set()
  /** What the keys of late results may begin with. @type {string[]} */
  const untidied = []
  const sums = { granted: 0, uploads: 0, inferences: 0, left: 0, entries: 0, items: 0, bytes: 0 }
  for (const person of people) {
    const reader = createReader(client, person.token)
    const uploads = await checkDatasets(person, reader)
    const inferences = await checkInferences(person, reader)
    await checkBooks(person, reader, { uploads, inferences })
  }
  await checkStored()
  return { broken, sums, reconciliation: await reconcile() }

  /** @param {string} what @param {unknown} is @param {unknown} must */
  function expect(what, is, must) {
    if (is !== must) broken.push(`${what}: ${is}, must be ${must}`)
  }

  /** Every dataset has what its owner was told, with its bytes. Answers what it cost. @param {Person} person @param {ReturnType<typeof createReader>} reader */
  async function checkDatasets(person, reader) {
    let cost = 0
    for (const { name, kind, told } of person.datasets) {
      const items = await reader.listItems(name)
      expect(`items of '${name}' of ${person.email}`, items.length, told)
      const positions = new Set(items.map(({ index }) => index))
      expect(`positions of '${name}' of ${person.email}`, positions.size, items.length)
      cost += items.length * prices[kind]
      sums.items += items.length
      const files = items.flatMap((item) => [item.imageUrl, item.maskUrl])
      for (const { address, status, bytes } of await downloadAll(client, files)) {
        sums.bytes += bytes.length
        const isRight = status === 200 && bytes.length > 0
        if (!isRight) broken.push(`${address} answered ${status} with ${bytes.length} bytes`)
        else if (kind !== 'film' && !knownHashes.has(hashOf(bytes))) {
          broken.push(`${address} answered other bytes than were sent`)
        }
      }
      for (const { imagePath, maskPath } of items) {
        named.add(imagePath).add(maskPath)
      }
    }
    return cost
  }

  /** Every inference has ended, and has what it says. Answers what they cost. @param {Person} person @param {ReturnType<typeof createReader>} reader */
  async function checkInferences(person, reader) {
    const listed = await reader.listInferences()
    const ids = (/** @type {readonly string[]} */ list) => [...list].sort().join()
    expect(`inferences of ${person.email}`, ids(listed.map(({ id }) => id)), ids(person.inferences))
    let cost = 0
    for (const { id } of listed) {
      const inference = await reader.readInference(id)
      const { status, tokensSpent } = inference
      if (!['COMPLETED', 'ABORTED'].includes(status)) {
        const why = JSON.stringify(inference.failures.slice(0, 2))
        broken.push(`inference ${id} is ${status}: ${why}`)
      }
      if (person.aborted.has(id)) expect(`aborted inference ${id}`, status, 'ABORTED')
      if (status === 'ABORTED' && Date.now() - Date.parse(inference.updatedAt) < lateWritesMs) {
        untidied.push(`inferences/${person.id}/${id}/`)
      }
      const results = status === 'FAILED' ? { items: [], videos: [] } : await reader.readResults(id)
      const succeeded = results.items.filter((item) => item.status === 'SUCCEEDED')
      expect(`succeeded items of ${id}`, succeeded.length, inference.succeededItems)
      if (status === 'COMPLETED') expect(`items of ${id}`, succeeded.length, inference.itemCount)
      const price = succeeded.reduce((sum, { kind }) => sum + inferencePrices[kind], 0)
      expect(`price of inference ${id}`, toThousandths(tokensSpent ?? -1), price)
      cost += price
      await checkResults(person, id, succeeded, results.videos)
    }
    return cost
  }

  /**
   * @param {Person} person @param {string} id
   * @param {readonly import('./reader.mjs').ResultItem[]} succeeded
   * @param {readonly import('./reader.mjs').ResultVideo[]} videos
   */
  async function checkResults(person, id, succeeded, videos) {
    const wanted = new Map(
      succeeded.map(({ outputPath, sha256 }) => {
        named.add(outputPath)
        const fileName = outputPath.slice(outputPath.lastIndexOf('/') + 1)
        return [`/api/inferences/${id}/download/${fileName}`, sha256]
      }),
    )
    const downloads = await downloadAll(client, [...wanted.keys()], person.token)
    for (const { address, status, bytes } of downloads) {
      sums.bytes += bytes.length
      if (status !== 200 || hashOf(bytes) !== wanted.get(address)) {
        broken.push(`${address} answered ${status} with ${bytes.length} bytes of another hash`)
      }
    }
    for (const { outputPath, downloadUrl, sizeBytes } of videos) {
      named.add(outputPath)
      const { status, bytes } = await client.download(downloadUrl)
      if (status !== 200 || bytes.length !== sizeBytes) {
        broken.push(`${downloadUrl} answered ${status} with ${bytes.length} of ${sizeBytes} bytes`)
      }
    }
  }

  /** @param {Person} person @param {ReturnType<typeof createReader>} reader @param {{ uploads: number, inferences: number }} cost */
  async function checkBooks(person, reader, cost) {
    const balance = toThousandths(await reader.readBalance())
    const entries = await reader.listEntries(adminToken, person.id)
    const moving = entries.filter(({ status }) => status !== 'aborted')
    const sum = (/** @type {string[]} */ ...types) =>
      moving
        .filter(({ operationType }) => types.length === 0 || types.includes(operationType))
        .reduce((total, { amount }) => total + toThousandths(amount), 0)
    const of = `of ${person.email}`
    const granted = toThousandths(person.granted)
    expect(`sum of the entries ${of}`, sum(), balance)
    expect(`grants ${of}`, sum('initial_grant', 'admin_recharge'), granted)
    expect(`balance ${of}`, balance, granted - cost.uploads - cost.inferences)
    const pending = moving.filter(({ status }) => status === 'pending').length
    expect(`pending reservations ${of}`, pending, 0)
    sums.granted += granted
    sums.uploads += cost.uploads
    sums.inferences += cost.inferences
    sums.left += balance
    sums.entries += entries.length
  }

  /** Every stored object is one that was told of, or is the source of a film that was; and the other way round. */
  async function checkStored() {
    const stored = await listStoredKeys(url, secrets)
    const ours = stored.filter((key) => people.some(({ id }) => key.includes(`/${id}/`)))
    const uploadOf = (/** @type {string} */ key) => key.slice(0, key.lastIndexOf('_'))
    const films = new Set([...named].filter((key) => key.startsWith('datasets/')).map(uploadOf))
    for (const key of ours) {
      if (named.delete(key)) continue
      if (key.endsWith('.mp4') && films.delete(uploadOf(key))) continue
      if (untidied.some((prefix) => key.startsWith(prefix))) continue
      broken.push(`nothing names the stored ${key}`)
    }
    for (const key of named) broken.push(`${key} is told of and not stored`)
  }

  async function reconcile() {
    const path = '/api/admin/reconciliations'
    let { data } = (await client.wish({ method: 'POST', path, token: adminToken })).body
    while (data.state === 'RUNNING') {
      const asked = { method: 'GET', path: `${path}/${data.id}`, token: adminToken }
      data = (await client.askOn(asked)).body.data
    }
    expect('state of the reconciliation', data.state, 'COMPLETED')
    expect('what the reconciliation could not repair', data.unrepairedCount, 0)
    if (data.unrepairedCount > 0) broken.push(JSON.stringify(data.findings))
    return data
  }
}
