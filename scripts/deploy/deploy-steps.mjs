import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { askRules, rulesSet } from './check-bucket.mjs'
import { askMigrations } from './check-cloudflare.mjs'
import { requiredSecrets } from './rendered-config.mjs'
import { due, ok, Report, wrong } from './report.mjs'
import { isSecretName } from './settings.mjs'
import { playStory, tryDoors, waitUntilReady } from './smoke-test.mjs'
import { reasonOf } from './wrangler.mjs'

/** @typedef {import('./report.mjs').Finding} Finding */

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string[]} args
 * @property {string[]} [shown] in the place of `args`, where these name what exists only while it runs
 * @property {() => Promise<Finding[]>} [verify] what must be so afterwards
 * @property {Record<string, string>} [secrets] what goes along in a file that is there for as long as it runs
 */

/** What is done when all holds, in order. @param {import('./check-cloudflare.mjs').Asked & { commit: string | null }} asked @returns {Step[]} */
export function listSteps({ commit, ...asked }) {
  const { environment, given } = asked
  const [bucket] = environment.r2_buckets
  const required = requiredSecrets(environment)
  const secrets = Object.fromEntries([...given].filter(([name]) => isSecretName(name, required)))
  const version = commit?.slice(0, 12) ?? 'unknown'
  const args = ['deploy', '--tag', version, '--message', `commit ${version}`]
  return [
    {
      name: 'CORS of the bucket',
      args: rulesSet('cors', bucket),
      verify: () => askRules(asked, 'cors'),
    },
    {
      name: 'lifecycle of the bucket',
      args: rulesSet('lifecycle', bucket),
      verify: () => askRules(asked, 'lifecycle'),
    },
    {
      name: 'migrations',
      args: ['d1', 'migrations', 'apply', environment.d1_databases[0].database_name, '--remote'],
      verify: () => askMigrations(asked),
    },
    Object.keys(secrets).length === 0
      ? { name: 'deployment', args }
      : {
          name: 'deployment',
          args,
          shown: [...args, '--secrets-file', '<the secrets given>'],
          secrets,
        },
  ]
}

/**
 * @param {import('./options.mjs').Options} options
 * @param {import('./run-deployment.mjs').Surroundings} surroundings
 * @param {{ steps: Step[], asked: import('./check-cloudflare.mjs').Asked }} work
 */
export async function deploy(
  { isStoryPlayed },
  { root, say, fetch, readiness },
  { steps, asked: { wrangler, environment } },
) {
  const report = new Report(say)
  const rollback = () => {
    say(
      `\nThe version before is there again after:\n  ${wrangler.describe(['rollback', '--message', 'does not work'])}`,
    )
    say(
      'It changes no data: migrations only add, and the version before runs on the newer database.',
    )
    return false
  }
  for (const { name, args, verify, secrets } of steps) {
    const ran = await withSecretsFile(secrets, (more) => wrangler.run([...args, ...more]))
    const left =
      ran.code === 0 ? ((await verify?.()) ?? []).filter(({ state }) => state !== 'ok') : []
    if (ran.code !== 0) report.add([wrong(name, reasonOf(ran), wrangler.describe(args))])
    else if (left.length > 0)
      report.add(left.map(({ what }) => wrong(name, `wrangler did it, and yet: ${what}`)))
    else
      report.add([
        ok(
          name,
          `done${/^Current Version ID: (.*)$/m.exec(ran.output)?.[1]?.replace(/^/, ': version ') ?? ''}`,
        ),
      ])
    if (report.isGood) continue
    say('\nThe Worker that ran before still runs.')
    return false
  }
  const place = { baseUrl: environment.vars.PUBLIC_BASE_URL, fetch, root }
  report.add([await waitUntilReady({ ...place, ...readiness })])
  if (report.isGood) report.add(await tryDoors(place))
  if (report.isGood && isStoryPlayed) report.add(await playStory(place))
  if (!report.isGood) return rollback()
  if (!isStoryPlayed)
    report.add([
      due(
        'a picture is repaired',
        'not tried: --story tries it with a user who is deleted afterwards',
      ),
    ])
  say(`\n${environment.name} is deployed and works: ${place.baseUrl}`)
  return true
}

/** @template Result @param {Record<string, string> | undefined} secrets @param {(args: string[]) => Promise<Result>} work */
async function withSecretsFile(secrets, work) {
  if (!secrets) return work([])
  const folder = mkdtempSync(path.join(tmpdir(), 'pa-inpainting-secrets-'))
  try {
    const file = path.join(folder, 'secrets.json')
    writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 })
    return await work(['--secrets-file', file])
  } finally {
    rmSync(folder, { recursive: true })
  }
}
