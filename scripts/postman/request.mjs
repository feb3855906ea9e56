import { findExample, follow } from './examples.mjs'
import { tokenVariables } from './steps.mjs'

/** @typedef {import('../lib/api-document.mjs').ApiDocument} ApiDocument */
/** @typedef {import('../lib/api-document.mjs').Operation} Operation */
/** @typedef {import('../lib/api-document.mjs').Parameter} Parameter */
/** @typedef {import('./steps.mjs').Step} Step */
/** @typedef {{ method: string, path: string, operation: Operation }} Route */
/** @typedef {{ method: string, url: object, [field: string]: unknown }} Request */

/**
 * A request of the collection: as the document describes the operation, with what the step says otherwise.
 * @param {ApiDocument} document
 * @param {Route} route
 * @param {Step} step
 * @returns {Request}
 */
export function createRequest(document, { method, path, operation }, step) {
  const parameters = (operation.parameters ?? []).map((each) => follow(document, each))
  const isPublic = (operation.security ?? []).length === 0
  const body = createBody(document, operation, step)
  const headers = [...createHeaders(parameters, step), ...(body?.headers ?? [])]
  return {
    method: method.toUpperCase(),
    ...createAuth(step.as ?? (isPublic ? 'nobody' : undefined)),
    header: headers,
    ...(body && { body: body.content }),
    url: step.url ? createWholeUrl(step.url) : createUrl(path, parameters, step),
    description: describe(operation, step),
  }
}

/**
 * A request to an address that an answer has named, with the bytes of a file.
 * @param {Step & { elsewhere: import('./steps.mjs').Elsewhere }} step
 */
export function createRequestElsewhere({ elsewhere, url = '' }) {
  return {
    method: elsewhere.method,
    ...createAuth('nobody'),
    header: [],
    body: { mode: 'file', file: { src: elsewhere.file } },
    url: createWholeUrl(url),
    description: elsewhere.description,
  }
}

/** @param {import('./steps.mjs').Who | undefined} who */
export function createAuth(who) {
  if (who === undefined) return {}
  if (who === 'nobody') return { auth: { type: 'noauth' } }
  const value = `{{${tokenVariables[who]}}}`
  return { auth: { type: 'bearer', bearer: [{ key: 'token', value, type: 'string' }] } }
}

/** @param {string} url */
const createWholeUrl = (url) => ({ raw: url, host: [url] })

/** @param {string} path @param {readonly Parameter[]} parameters @param {Step} step */
function createUrl(path, parameters, { path: values = {}, query: wanted = {} }) {
  const parts = path
    .split('/')
    .slice(1)
    .map((part) => part.replace(/^\{(\w+)\}$/, ':$1'))
  const query = parameters
    .filter((parameter) => parameter.in === 'query')
    .map((parameter) => ({
      key: parameter.name,
      value: String(wanted[parameter.name] ?? exampleOf(parameter)),
      ...describeParameter(parameter),
      ...(wanted[parameter.name] === undefined && !parameter.required && { disabled: true }),
    }))
  const variable = parameters
    .filter((parameter) => parameter.in === 'path')
    .map((parameter) => ({
      key: parameter.name,
      value: String(values[parameter.name] ?? exampleOf(parameter)),
      ...describeParameter(parameter),
    }))
  const sent = query.filter(({ disabled }) => !disabled).map(({ key, value }) => `${key}=${value}`)
  return {
    raw: `{{baseUrl}}/${parts.join('/')}${sent.length > 0 ? `?${sent.join('&')}` : ''}`,
    host: ['{{baseUrl}}'],
    path: parts,
    ...(query.length > 0 && { query }),
    ...(variable.length > 0 && { variable }),
  }
}

/** @param {readonly Parameter[]} parameters @param {Step} step */
function createHeaders(parameters, { headers: wanted = {} }) {
  return parameters
    .filter((parameter) => parameter.in === 'header')
    .map((parameter) => ({
      key: parameter.name,
      value: String(wanted[parameter.name] ?? exampleOf(parameter)),
      ...describeParameter(parameter),
      ...(wanted[parameter.name] === undefined && !parameter.required && { disabled: true }),
    }))
}

/** @param {Parameter} parameter */
const exampleOf = ({ example, schema }) =>
  example ?? schema?.example ?? schema?.examples?.[0] ?? schema?.enum?.[0] ?? ''

/** @param {Parameter} parameter */
function describeParameter({ description, schema }) {
  const text = description ?? schema?.description
  return text === undefined ? {} : { description: text }
}

/** @param {ApiDocument} document @param {Operation} operation @param {Step} step */
function createBody(document, operation, step) {
  const content = operation.requestBody?.content ?? {}
  if (step.form) return createForm(document, content['multipart/form-data'] ?? {}, step.form)
  const media = content['application/json']
  if (!media && !step.body) return undefined
  // The fields of a form's example are files, which a JSON body names otherwise.
  const example = media ? findExample(document, media) : {}
  const raw = JSON.stringify({ ...example, ...step.body }, null, 2)
  return {
    headers: [{ key: 'Content-Type', value: 'application/json' }],
    content: { mode: 'raw', raw, options: { raw: { language: 'json' } } },
  }
}

/**
 * @param {ApiDocument} document
 * @param {import('../lib/api-document.mjs').MediaType} media
 * @param {NonNullable<Step['form']>} wanted
 */
function createForm(document, media, wanted) {
  const { properties = {} } = follow(document, media.schema) ?? {}
  const formdata = Object.entries(properties).map(([key, field]) => {
    const value = wanted[key]
    const description = field.description === undefined ? {} : { description: field.description }
    if (typeof value === 'object') return { key, type: 'file', src: value.file, ...description }
    const isFile = field.format === 'binary' || field.contentEncoding === 'binary'
    if (value === undefined && isFile)
      return { key, type: 'file', src: null, ...description, disabled: true }
    const text = value ?? String(field.example ?? field.examples?.[0] ?? '')
    return {
      key,
      type: 'text',
      value: text,
      ...description,
      ...(value === undefined && { disabled: true }),
    }
  })
  return { headers: [], content: { mode: 'formdata', formdata } }
}

/** @param {Operation} operation @param {Step} step */
function describe({ summary, description }, { name, why }) {
  const heading = name === undefined ? undefined : `_${summary}_`
  return [why, heading, description].filter((text) => text !== undefined).join('\n\n')
}
