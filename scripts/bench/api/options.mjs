import { parseArgs } from 'node:util'
import { Refusal } from '../../lib/say.mjs'
import { seededAdministrator } from './person.mjs'
import { ensureTablesOrThrow } from './written-tables.mjs'

export const parts = /** @type {const} */ (['reads', 'logins', 'uploads', 'zip', 'jobs', 'growth'])

/**
 * @typedef {(typeof parts)[number]} Part
 *
 * @typedef {object} Against
 * @property {string} url
 * @property {import('./person.mjs').Credentials} administrator
 *
 * @typedef {object} Options
 * @property {Part[]} only
 * @property {number} seconds
 * @property {number} rounds
 * @property {Against | undefined} against another server, asked in turn
 * @property {string | undefined} json where the figures go as JSON
 * @property {string | undefined} write the document whose tables are written anew
 * @property {number} inspectorPort 0 for none
 * @property {boolean} isLoud
 */

/** @param {string[]} args @returns {Options} */
export function readOptionsOrThrow(args) {
  const { values } = parse(args)
  if (values.write !== undefined) ensureTablesOrThrow(values.write)
  const only = values.only?.split(',') ?? [...parts]
  const strange = only.find((part) => !parts.some((one) => one === part))
  if (strange !== undefined) {
    throw new Refusal(
      `--only names '${strange}': it can be ${parts.join(', ')}, or several with commas.`,
    )
  }
  return {
    only: /** @type {Part[]} */ (only),
    seconds: readNumber('seconds', values.seconds),
    rounds: readNumber('rounds', values.rounds),
    against: values.against === undefined ? undefined : readAgainst(values.against, values),
    json: values.json,
    write: values.write,
    inspectorPort: readNumber('inspector', values.inspector),
    isLoud: values.loud,
  }
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        only: { type: 'string' },
        seconds: { type: 'string', default: '0.5' },
        rounds: { type: 'string', default: '3' },
        against: { type: 'string' },
        'admin-email': { type: 'string', default: seededAdministrator.email },
        'admin-password': { type: 'string', default: seededAdministrator.password },
        json: { type: 'string' },
        write: { type: 'string' },
        inspector: { type: 'string', default: '0' },
        loud: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new Refusal(error instanceof Error ? error.message : String(error))
  }
}

/** @param {string} url @param {{ 'admin-email': string, 'admin-password': string }} values @returns {Against} */
function readAgainst(url, values) {
  if (!URL.canParse(url)) throw new Refusal(`--against is '${url}': it must be a URL.`)
  const { origin } = new URL(url)
  const administrator = { email: values['admin-email'], password: values['admin-password'] }
  return { url: origin, administrator }
}

/** @param {string} name @param {string} text */
function readNumber(name, text) {
  const value = Number(text)
  if (Number.isFinite(value) && value >= 0 && text.trim() !== '') return value
  throw new Refusal(`--${name} is '${text}': it must be a number from 0.`)
}
