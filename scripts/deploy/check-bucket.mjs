import path from 'node:path'
import {
  describeCors,
  describeLifecycle,
  findRuleDifference,
  readListedRules,
} from './bucket-rules.mjs'
import { corsFile, lifecycleFile, readPolicy } from './check-repository.mjs'
import { due, ok, wrong } from './report.mjs'
import { readJson, reasonOf } from './wrangler.mjs'

/** @typedef {import('./report.mjs').Finding} Finding */
/** @typedef {import('./check-cloudflare.mjs').Asked} Asked */

/** @param {Asked} asked @returns {Promise<Finding[]>} */
export async function askBucket({ wrangler, environment }) {
  const [{ bucket_name: name }] = environment.r2_buckets
  const ran = await wrangler.run(['r2', 'bucket', 'info', name, '--json'])
  if (ran.code !== 0)
    return [wrong('bucket', `${name}: ${reasonOf(ran)}`, `npx wrangler r2 bucket create ${name}`)]
  const { object_count: count, bucket_size: size } = readJson(ran.stdout) ?? {}
  return [ok('bucket', `${name}: ${count} objects, ${size}`)]
}

const policies = /** @type {const} */ ({
  cors: {
    name: 'CORS of the bucket',
    file: corsFile,
    first: 'allowed_origins',
    describe: describeCors,
  },
  lifecycle: {
    name: 'lifecycle of the bucket',
    file: lifecycleFile,
    first: 'name',
    describe: describeLifecycle,
  },
})

/** @param {'cors' | 'lifecycle'} kind @param {{ bucket_name: string }} bucket */
export const rulesList = (kind, { bucket_name: name }) => ['r2', 'bucket', kind, 'list', name]

/** @param {'cors' | 'lifecycle'} kind @param {{ bucket_name: string }} bucket */
export const rulesSet = (kind, { bucket_name: name }) => [
  'r2',
  'bucket',
  kind,
  'set',
  name,
  '--file',
  policies[kind].file,
  '--force',
]

/** @param {Asked} asked @param {'cors' | 'lifecycle'} kind @returns {Promise<Finding[]>} */
export async function askRules({ wrangler, environment, root }, kind) {
  const { name, file, first, describe } = policies[kind]
  const [bucket] = environment.r2_buckets
  const ran = await wrangler.run(rulesList(kind, bucket))
  // Without a policy R2 answers a 404, which wrangler hands on as an error.
  const hasNone =
    ran.code !== 0 && /configuration does not exist|10059|NoSuchCORS/i.test(ran.output)
  if (ran.code !== 0 && !hasNone) return [wrong(name, reasonOf(ran))]
  const policy = readPolicy(path.join(root, file))
  if (!policy) return [wrong(name, `${file} is no JSON with a list of rules.`)]
  const difference = findRuleDifference(describe(policy), readListedRules(ran.output, first))
  return difference === null
    ? [ok(name, `is that of ${file}`)]
    : [due(name, `will be that of ${file}: ${difference}`)]
}
