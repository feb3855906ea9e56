import { Refusal } from '../lib/say.mjs'

export const environmentNames = /** @type {const} */ (['staging', 'production'])

/** @typedef {(typeof environmentNames)[number]} EnvironmentName */

/**
 * @typedef {object} Options
 * @property {EnvironmentName} environmentName
 * @property {boolean} isDryRun whether nothing is asked of Cloudflare, and nothing done there
 * @property {boolean} isStoryPlayed whether the deployed API repairs a picture for a user who is deleted afterwards
 */

const usage =
  'Usage: npm run deploy -- [--env staging|production] [--dry-run] [--story | --no-story]. ' +
  'Without --env it is staging.'

/**
 * Reads the arguments of `npm run deploy`. Throws a Refusal for any that it does not know.
 * @param {readonly string[]} args
 * @returns {Options}
 */
export function readOptionsOrThrow(args) {
  const rest = args.flatMap((arg) => (arg.startsWith('--env=') ? ['--env', arg.slice(6)] : [arg]))
  /** @type {EnvironmentName} */
  let environmentName = 'staging'
  /** @type {boolean | null} */
  let story = null
  let isDryRun = false
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--dry-run') isDryRun = true
    else if (arg === '--story') story = true
    else if (arg === '--no-story') story = false
    else if (arg === '--env') environmentName = readEnvironmentName(rest.shift())
    else throw new Refusal(`'${arg}' is no option. ${usage}`)
  }
  return { environmentName, isDryRun, isStoryPlayed: story ?? environmentName === 'staging' }
}

/** @param {string | undefined} text */
function readEnvironmentName(text) {
  const name = environmentNames.find((known) => known === text)
  if (!name)
    throw new Refusal(`--env is '${text ?? ''}': it must be staging or production. ${usage}`)
  return name
}
