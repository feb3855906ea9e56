import path from 'node:path'
import { askAccount, leaveUnasked, listQuestions } from './check-cloudflare.mjs'
import { checkBindings, checkDeadLetters, checkNothingShared } from './check-configuration.mjs'
import { checkInference } from './check-inference.mjs'
import {
  checkBuild,
  checkGit,
  checkMigrations,
  checkRuleFiles,
  checkTested,
} from './check-repository.mjs'
import { checkSecrets } from './check-secrets.mjs'
import {
  checkDeployedSettings,
  checkParser,
  checkPlaceholders,
  checkSettingsFile,
} from './check-settings.mjs'
import { deploy, listSteps } from './deploy-steps.mjs'
import { readRawConfig, renderConfig, writeRenderedConfig } from './rendered-config.mjs'
import { hasWrong, Report, unchecked } from './report.mjs'
import { readGiven } from './settings.mjs'
import { createWrangler } from './wrangler.mjs'

/** @typedef {import('./report.mjs').Finding} Finding */

/**
 * @typedef {object} Surroundings what a deployment reaches outside
 * @property {string} root the clone
 * @property {NodeJS.ProcessEnv} environment
 * @property {readonly [string, ...string[]]} wranglerProgram
 * @property {typeof fetch} fetch
 * @property {(line: string) => void} say
 * @property {{ waitMsMax: number, pauseMs: number }} readiness how long it is waited for
 */

/**
 * Goes through the checklist, and deploys when all of it holds. Everything is said line by line.
 * @param {import('./options.mjs').Options} options
 * @param {Surroundings} surroundings
 * @returns {Promise<boolean>} whether all that was checked holds and, without `isDryRun`, what was deployed works
 */
export async function runDeployment(options, surroundings) {
  const { environmentName, isDryRun } = options
  const { root, say } = surroundings
  const given = readGiven({ root, environmentName, environment: surroundings.environment })
  const raw = readRawConfig(root)
  const config = renderConfig({ raw, environmentName, given: given.values, root })
  const environment = config.env[environmentName]
  const configFile = writeRenderedConfig({ root, environmentName, config })
  const wrangler = createWrangler({
    program: surroundings.wranglerProgram,
    root,
    configFile,
    environmentName,
    credentials: credentialsOf(given.values),
  })
  const all = new Report(say)
  say(
    `${environment.name}: what is checked before it is deployed to ${environmentName}${isDryRun ? ' (dry run)' : ''}`,
  )

  all.add(checkSettingsFile(given))
  all.add(checkPlaceholders({ environment, environmentName }))
  all.add(checkParser({ environment, given: given.values }))
  all.add(checkDeployedSettings({ environment, environmentName }))
  all.add(checkSecrets({ environment, environmentName, raw, given: given.values, root }))
  const bindings = checkBindings({ root, environmentName })
  all.add(bindings)
  all.add(checkDeadLetters(environment))
  all.add(checkNothingShared({ config, environmentName }))
  all.add(checkMigrations({ root }))
  all.add(checkRuleFiles({ root, environment }))
  const { findings, commit } = checkGit({ root })
  all.add(findings)
  all.add(checkTested({ root, commit, given: given.values }))
  all.add(
    await checkBuild({
      wrangler,
      outFolder: path.join(root, '.wrangler', 'deployments', environmentName),
    }),
  )

  if (hasWrong(bindings)) {
    say(
      `\nNothing is asked of the account: ${all.wrongCount} things are wrong, and bindings among them.`,
    )
    return false
  }
  const asked = { wrangler, environment, given: given.values, root }
  const questions = listQuestions(asked)
  const steps = listSteps({ ...asked, commit })
  if (isDryRun) {
    for (const question of questions) all.add([leaveUnasked(question, wrangler)])
    all.add([
      unchecked(
        'inference service',
        'not checked: needs the network',
        `GET ${environment.vars.INFERENCE_BASE_URL}/health`,
      ),
    ])
    say('\nWhat would be done then:')
    for (const step of steps) say(`  ${wrangler.describe(step.shown ?? step.args)}`)
    say(
      `  GET ${environment.vars.PUBLIC_BASE_URL}/health/ready until it is ready, then the smoke test`,
    )
    say(
      all.isGood
        ? '\nAll that can be checked here holds.'
        : `\n${all.wrongCount} things are wrong.`,
    )
    return all.isGood
  }

  const account = await askAccount(wrangler, given.values)
  all.add([account])
  for (const question of questions) {
    all.add(hasWrong([account]) ? [leaveUnasked(question, wrangler)] : await question.ask())
  }
  all.add(
    await checkInference({
      vars: environment.vars,
      given: given.values,
      fetch: surroundings.fetch,
      nowMs: Date.now(),
    }),
  )
  if (!all.isGood) {
    say(`\nNothing was deployed: ${all.wrongCount} things are wrong.`)
    return false
  }
  say('\nAll of it holds.')
  return deploy(options, surroundings, { steps, asked })
}

/** @param {ReadonlyMap<string, string>} given @returns {Record<string, string>} */
function credentialsOf(given) {
  const names = ['CLOUDFLARE_ACCOUNT_ID', 'CLOUDFLARE_API_TOKEN']
  return Object.fromEntries(
    names.flatMap((name) => (given.has(name) ? [[name, given.get(name) ?? '']] : [])),
  )
}
