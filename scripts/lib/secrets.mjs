import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fromRoot } from './paths.mjs'
import { Refusal } from './say.mjs'

const randomNames = ['JWT_SECRET', 'MEDIA_URL_SECRET', 'INFERENCE_SECRET']

/**
 * The secrets of one state folder: made at the first start and kept, in a file that only its owner reads.
 * The S3 keys are those of the local bucket in wrangler.toml.
 * @param {string} stateFolder
 * @returns {{ file: string, values: Record<string, string> }}
 */
export function ensureSecrets(stateFolder) {
  const file = path.join(stateFolder, 'secrets.env')
  const known = existsSync(file) ? parse(readFileSync(file, 'utf8')) : {}
  const values = {
    ...Object.fromEntries(
      randomNames.map((name) => [name, known[name] ?? randomBytes(32).toString('hex')]),
    ),
    ...readLocalS3Keys(),
  }
  const text = Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    mkdirSync(stateFolder, { recursive: true })
    writeFileSync(`${file}.new`, text, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  chmodSync(file, 0o600)
  return { file, values }
}

/** @param {string} text @returns {Record<string, string>} */
function parse(text) {
  const pairs = text.split('\n').map((line) => /^([A-Z0-9_]+)=(.+)$/.exec(line))
  return Object.fromEntries(pairs.flatMap((pair) => (pair ? [[pair[1], pair[2]]] : [])))
}

function readLocalS3Keys() {
  const toml = readFileSync(fromRoot('wrangler.toml'), 'utf8')
  const section =
    /^\[r2_buckets\.local_dev\.experimental_s3_credentials\]\n((?:(?!\[).*\n?)*)/m.exec(
      toml,
    )?.[1] ?? ''
  const id = /^accessKeyId = "(.+)"/m.exec(section)?.[1]
  const key = /^secretAccessKey = "(.+)"/m.exec(section)?.[1]
  if (!id || !key) {
    throw new Refusal(
      'wrangler.toml has no [r2_buckets.local_dev.experimental_s3_credentials] to sign local URLs with.',
    )
  }
  return { S3_ACCESS_KEY_ID: id, S3_SECRET_ACCESS_KEY: key }
}
