import { AwsClient } from 'aws4fetch'

const lanes = 4
/** What is measured is scaled to the number that is wanted. */
const measuredMax = 100

/**
 * The milliseconds that reading so many pairs and writing as many results takes by presigned URLs, four at a time, and
 * nothing else.
 * @param {{ url: string, secrets: Record<string, string>, count: number, pair: import('./pairs.mjs').Pair }} options
 */
export async function timeBareObjects({ url, secrets, count, pair }) {
  const client = new AwsClient({
    accessKeyId: secrets.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: secrets.S3_SECRET_ACCESS_KEY ?? '',
    service: 's3',
    region: 'auto',
  })
  const bucket = `${url}/cdn-cgi/local/r2/s3/pa-inpainting-media`
  const run = crypto.randomUUID()
  const presign = async (/** @type {string} */ key, /** @type {string} */ method) => {
    const address = `${bucket}/bench/${run}/${key}?X-Amz-Expires=600`
    return (await client.sign(address, { method, aws: { signQuery: true } })).url
  }
  const put = async (/** @type {string} */ at, /** @type {Buffer} */ bytes) => {
    const answer = await fetch(at, { method: 'PUT', body: new Uint8Array(bytes) })
    if (!answer.ok) throw new Error(`${at}: ${answer.status} ${await answer.text()}`)
    await answer.arrayBuffer()
  }
  const read = async (/** @type {string} */ at) => (await fetch(at)).arrayBuffer()
  await put(await presign('image', 'PUT'), pair.image)
  await put(await presign('mask', 'PUT'), pair.mask)
  const [image, mask] = [await presign('image', 'GET'), await presign('mask', 'GET')]
  const measured = Math.min(count, measuredMax)
  const results = await Promise.all(
    Array.from({ length: measured }, (_, number) => presign(`result-${number}`, 'PUT')),
  )
  const startedMs = performance.now()
  const lane = async () => {
    for (let at = results.pop(); at !== undefined; at = results.pop()) {
      await Promise.all([read(image), read(mask)])
      await put(at, pair.image)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return ((performance.now() - startedMs) * count) / measured
}
