import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { neededMigration } from '../../src/operations/readiness.rules.ts'
import { readTestedCommit } from '../lib/tested-commit.mjs'
import { describeCors, describeLifecycle } from './bucket-rules.mjs'
import { judge, ok, wrong } from './report.mjs'
import { reasonOf } from './wrangler.mjs'

/** @typedef {import('./rendered-config.mjs').Config} Config */
/** @typedef {import('./report.mjs').Finding} Finding */

export const corsFile = 'deploy/bucket-cors.json'
export const lifecycleFile = 'deploy/bucket-lifecycle.json'

/** What R2 must let a browser do: follow a download, and send a file's parts. */
const methodsNeeded = ['GET', 'HEAD', 'PUT']
/** An upload is given up after half a day at the latest; what it had begun may go then. */
const abortSecondsMin = 86_400

/** @param {{ root: string }} options @returns {{ findings: Finding[], commit: string | null }} */
export function checkGit({ root }) {
  try {
    const git = (/** @type {string[]} */ ...args) =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    const commit = git('rev-parse', 'HEAD').trim()
    const changed = git('status', '--porcelain').split('\n').filter(Boolean)
    if (changed.length === 0) return { findings: [ok('commit', commit.slice(0, 12))], commit }
    const what = `${changed.length} files are not as ${commit.slice(0, 12)} has them (${changed[0]?.slice(3)}, …).`
    return { findings: [wrong('commit', what, 'git commit, or git stash')], commit }
  } catch {
    return {
      findings: [
        wrong('commit', 'This is no clone of git with a commit: nobody could say what runs.'),
      ],
      commit: null,
    }
  }
}

/**
 * `npm test` writes down the commit on which everything passed; another machine may say so by TESTED_COMMIT.
 * @param {{ root: string, commit: string | null, given: ReadonlyMap<string, string> }} options
 */
export function checkTested({ root, commit, given }) {
  const told = given.get('TESTED_COMMIT')
  const tested = told ?? readTestedCommit(root)
  const by = told ? 'TESTED_COMMIT says' : 'npm test passed here'
  if (commit !== null && tested === commit) return [ok('types and tests', `${by}, on this commit`)]
  const what = tested
    ? `They passed on ${tested.slice(0, 12)}, and this is ${commit?.slice(0, 12)}.`
    : 'It is not known that they passed on this commit.'
  return [
    wrong(
      'types and tests',
      what,
      'npm test',
      'or TESTED_COMMIT=<commit>, where they passed elsewhere',
    ),
  ]
}

/** @param {{ root: string }} options */
export function checkMigrations({ root }) {
  const folder = path.join(root, 'migrations')
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
  const destroying = files.filter((file) =>
    /drop\s+(table|column)|__new_|rename\s+(to|column)|\bdelete\s+from\b/i.test(
      readFileSync(path.join(folder, file), 'utf8'),
    ),
  )
  /** @type {[string, ...string[]][]} */
  const problems = destroying.map((file) => [
    `${file} takes something away: the version that runs, and a rollback to it, would fail.`,
  ])
  for (const [index, file] of files.entries()) {
    if (file.startsWith(String(index).padStart(4, '0'))) continue
    problems.push([
      `${file} is number ${index} of the migrations by its place: its name says another.`,
    ])
  }
  if (files.at(-1) !== neededMigration) {
    problems.push([
      `The newest migration is ${files.at(-1)}, and /health/ready asks for ${neededMigration}.`,
      'src/operations/readiness.rules.ts: neededMigration',
    ])
  }
  return judge(
    'migrations',
    `${files.length}, which only add; the newest is ${neededMigration}`,
    problems,
  )
}

/** @param {{ root: string, environment: Config }} options */
export function checkRuleFiles({ root, environment }) {
  const cors = readPolicy(path.join(root, corsFile))
  const lifecycle = readPolicy(path.join(root, lifecycleFile))
  /** @type {[string, ...string[]][]} */
  const problems = []
  if (!cors) problems.push([`${corsFile} is no JSON with a list of rules.`])
  else if (!allows(cors, String(environment.vars.CORS_ORIGINS ?? ''))) {
    problems.push([
      `${corsFile} does not let ${environment.vars.CORS_ORIGINS ?? 'any site'} send ${methodsNeeded.join(', ')} with every header.`,
    ])
  }
  if (!lifecycle) problems.push([`${lifecycleFile} is no JSON with a list of rules.`])
  else {
    for (const {
      id,
      deleteObjectsTransition: expiry,
      abortMultipartUploadsTransition: abort,
    } of lifecycle.rules) {
      if (expiry) problems.push([`${lifecycleFile}: ${id} deletes objects that rows name.`])
      if (abort && !(abort.condition.maxAge >= abortSecondsMin)) {
        problems.push([
          `${lifecycleFile}: ${id} ends uploads that may still go on; a day is the least.`,
        ])
      }
    }
  }
  const fine = `${corsFile}: ${cors ? describeCors(cors).length : 0} rule, ${lifecycleFile}: ${lifecycle ? describeLifecycle(lifecycle).length : 0}`
  return judge('rules of the bucket', fine, problems)
}

/** @param {string} file @returns {{ rules: any[] } | null} */
export function readPolicy(file) {
  try {
    const policy = JSON.parse(readFileSync(file, 'utf8'))
    return Array.isArray(policy.rules) ? policy : null
  } catch {
    return null
  }
}

/** @param {{ rules: any[] }} policy @param {string} origins those of the setting CORS_ORIGINS */
function allows({ rules }, origins) {
  const needed = origins
    .split(',')
    .map((origin) => origin.trim())
    .filter(Boolean)
  return rules.some(
    ({ allowed }) =>
      methodsNeeded.every((method) => allowed?.methods?.includes(method)) &&
      allowed?.headers?.includes('*') &&
      (allowed?.origins?.includes('*') ||
        needed.every((origin) => allowed?.origins?.includes(origin))),
  )
}

const workerKibMax = 64 * 1024

/** @param {{ wrangler: import('./wrangler.mjs').Wrangler, outFolder: string }} options @returns {Promise<Finding[]>} */
export async function checkBuild({ wrangler, outFolder }) {
  const ran = await wrangler.run(['deploy', '--dry-run', '--outdir', outFolder])
  if (ran.code !== 0)
    return [wrong('build', `It failed: ${reasonOf(ran)}`, 'npx wrangler deploy --dry-run')]
  const [, kib, gzipKib] = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(ran.output) ?? []
  if (!kib) return [wrong('build', 'wrangler did not tell how large the Worker is.')]
  const size = `${Math.round(Number(kib))} KiB (${Math.round(Number(gzipKib))} compressed) of ${workerKibMax}`
  return Number(kib) <= workerKibMax
    ? [ok('build', size)]
    : [wrong('build', `It is too large: ${size}.`)]
}
