import { spawnSync } from 'node:child_process'
import { findToolsNodeOrThrow } from './node-version.mjs'
import { fromRoot } from './paths.mjs'
import { formatTail, Refusal } from './say.mjs'

/**
 * @typedef {object} Parameter
 * @property {string} name
 * @property {'path' | 'query' | 'header'} in
 * @property {boolean} [required]
 * @property {string} [description]
 * @property {any} [example]
 * @property {any} [schema]
 */

/**
 * @typedef {object} MediaType
 * @property {any} [schema]
 * @property {any} [example]
 * @property {Record<string, { summary?: string, value: any }>} [examples]
 */

/**
 * @typedef {object} Operation
 * @property {string} operationId
 * @property {string} [summary]
 * @property {string} [description]
 * @property {readonly object[]} [security]
 * @property {readonly Parameter[]} [parameters]
 * @property {{ content: Record<string, MediaType> }} [requestBody]
 * @property {Record<string, { description: string, content?: Record<string, MediaType> }>} responses
 */

/**
 * @typedef {object} ApiDocument
 * @property {{ title: string, version: string, description?: string }} info
 * @property {Record<string, Record<string, Operation>>} paths
 * @property {Record<string, Record<string, any>>} components
 */

/**
 * The OpenAPI document of the app as it stands in `src/`; nothing has to run. Throws a Refusal when the app cannot be imported.
 * @returns {ApiDocument}
 */
export function readApiDocument() {
  const program = fromRoot('scripts', 'lib', 'print-api-document.mjs')
  // Node calls it an experiment that it takes the types out of TypeScript.
  const args = ['--disable-warning=ExperimentalWarning', program]
  const { status, stdout, stderr } = spawnSync(findToolsNodeOrThrow(), args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status === 0) return JSON.parse(stdout)
  throw new Refusal(`The document of the app could not be made:\n${formatTail(stderr)}`)
}
