import { AwsClient } from 'aws4fetch'

/** The keys of everything that the local bucket holds, by its S3 API. @param {string} workerUrl @param {Record<string, string>} secrets */
export async function listStoredKeys(workerUrl, secrets) {
  const { S3_ACCESS_KEY_ID: accessKeyId = '', S3_SECRET_ACCESS_KEY: secretAccessKey = '' } = secrets
  const s3 = new AwsClient({ accessKeyId, secretAccessKey, service: 's3', region: 'auto' })
  const address = new URL(`${workerUrl}/cdn-cgi/local/r2/s3/pa-inpainting-media`)
  address.searchParams.set('list-type', '2')
  /** @type {string[]} */
  const keys = []
  for (;;) {
    const answer = await s3.fetch(address)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`The bucket's list was answered ${answer.status}: ${text}`)
    keys.push(...[...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key))
    const next = /<NextContinuationToken>([^<]+)</.exec(text)?.[1]
    if (next === undefined) return keys
    address.searchParams.set('continuation-token', next)
  }
}
