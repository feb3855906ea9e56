import { Refusal } from '../lib/say.mjs'
import { follow, readOwnExample } from './examples.mjs'
import { createAuth, createRequest, createRequestElsewhere } from './request.mjs'
import { writePreparation, writeTests } from './scripts.mjs'
import { farewell, folders, introduction } from './story.mjs'

/** @typedef {import('../lib/api-document.mjs').ApiDocument} ApiDocument */
/** @typedef {import('./steps.mjs').Step} Step */
/** @typedef {import('./request.mjs').Route} Route */

const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'

/** So that it stays the same collection where it is imported again. */
const collectionId = '5b0f6a3e-8a1d-4c57-9a57-7d2c5e1f9b60'
const environmentId = '0c1d9e52-3c86-4e39-8f0e-2f6a1b7c4d18'

/** What the requests need before an answer has set it. */
const settings = {
  baseUrl: 'http://127.0.0.1:8787',
  adminEmail: 'admin@system.com',
  adminPassword: 'AdminPassword123!',
}

/**
 * The Postman collection of the document's operations, in the order in which the story tells them. Throws a Refusal where the
 * story says what the document does not.
 * @param {ApiDocument} document
 */
export function createCollection(document) {
  const routes = listRoutes(document)
  const told = new Set()
  const names = new Set()

  /** @param {Step} step */
  const createItem = (step) => {
    const route =
      step.operation === undefined ? undefined : findRouteOrThrow(routes, step.operation)
    const isFirstSuccess = step.code === undefined && !told.has(step.operation)
    if (isFirstSuccess) told.add(step.operation)
    if (route) ensureDeclared(document, route, step)
    const name = step.name ?? route?.operation.summary ?? ''
    if (names.has(name)) throw new Refusal(`Two requests of the story are called '${name}'.`)
    names.add(name)
    const request = route
      ? createRequest(document, route, step)
      : createRequestElsewhere(/** @type {Parameters<typeof createRequestElsewhere>[0]} */ (step))
    const isEnvelope = route !== undefined && hasEnvelope(document, route, step)
    return {
      name,
      event: createEvents(step, { isEnvelope }),
      request,
      response: route && isFirstSuccess ? createResponses(document, route, request) : [],
    }
  }

  const item = [
    ...folders.map(({ name, description, as, steps }) => ({
      name,
      description,
      ...(as !== 'user' && createAuth(as)),
      item: steps.map(createItem),
    })),
    ...farewell.map(createItem),
  ]
  return {
    info: {
      _postman_id: collectionId,
      name: document.info.title,
      description: introduction,
      version: document.info.version,
      schema,
    },
    ...createAuth('user'),
    variable: Object.entries(settings).map(([key, value]) => ({ key, value, type: 'string' })),
    item,
  }
}

/** The environment of a system that runs on this machine. */
export function createEnvironment() {
  return {
    id: environmentId,
    name: 'P.A. Inpainting (local)',
    values: Object.entries(settings).map(([key, value]) => ({
      key,
      value,
      type: key === 'adminPassword' ? 'secret' : 'default',
      enabled: true,
    })),
    _postman_variable_scope: 'environment',
  }
}

/**
 * Operations of the document that no request of the story sends, by their `operationId`.
 * @param {ApiDocument} document
 */
export function findUntold(document) {
  const steps = [...folders.flatMap((folder) => folder.steps), ...farewell]
  const told = new Set(steps.map(({ operation }) => operation))
  return [...listRoutes(document).keys()].filter((operationId) => !told.has(operationId))
}

/** @param {ApiDocument} document @returns {Map<string, Route>} by `operationId` */
function listRoutes(document) {
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
  return new Map(routes.map((route) => [route.operation.operationId, route]))
}

/** @param {Map<string, Route>} routes @param {string} operationId */
function findRouteOrThrow(routes, operationId) {
  const route = routes.get(operationId)
  if (route) return route
  throw new Refusal(
    `The story of the Postman collection sends '${operationId}', which the document has no operation of. ` +
      `It has ${[...routes.keys()].join(', ')}. Change the story in scripts/postman/story/.`,
  )
}

/** @param {ApiDocument} document @param {Route} route @param {Step} step */
function ensureDeclared(document, { operation }, { status, code }) {
  for (const wanted of [status].flat()) {
    const answer = operation.responses[wanted]
    if (!answer) {
      const declared = Object.keys(operation.responses).join(', ')
      throw new Refusal(
        `The story expects ${wanted} of '${operation.operationId}', which declares ${declared}.`,
      )
    }
    const schemaOfCode = follow(document, answer.content?.['application/json']?.schema)?.properties
      ?.code
    const codes = follow(document, schemaOfCode)?.enum
    if (code !== undefined && codes && !codes.includes(code)) {
      throw new Refusal(
        `The story expects '${code}' of '${operation.operationId}', which answers ${wanted} with ${codes.join(', ')}.`,
      )
    }
  }
}

/** Whether an answer has `success`. @param {ApiDocument} document @param {Route} route @param {Step} step */
function hasEnvelope(document, { operation }, { status, code }) {
  if (code !== undefined) return true
  const [first = 0] = [status].flat()
  const media = operation.responses[first]?.content ?? {}
  if (Object.keys(media).length !== 1) return false
  const properties = follow(document, media['application/json']?.schema)?.properties
  return properties?.success !== undefined
}

/** @param {Step} step @param {{ isEnvelope: boolean }} answer */
function createEvents(step, answer) {
  const scripts = { prerequest: writePreparation(step), test: writeTests(step, answer) }
  return Object.entries(scripts)
    .filter(([, exec]) => exec.length > 0)
    .map(([listen, exec]) => ({ listen, script: { type: 'text/javascript', exec } }))
}

/**
 * The examples that the document has of what the operation answers, refusals left out.
 * @param {ApiDocument} document
 * @param {Route} route
 * @param {import('./request.mjs').Request} request
 */
function createResponses(document, { operation }, { method, url }) {
  return Object.entries(operation.responses).flatMap(([status, answer]) => {
    const example = readOwnExample(document, answer.content?.['application/json'] ?? {})
    if (Number(status) >= 300 || example === undefined) return []
    return {
      name: answer.description,
      originalRequest: { method, header: [], url },
      code: Number(status),
      _postman_previewlanguage: 'json',
      header: [{ key: 'Content-Type', value: 'application/json' }],
      body: JSON.stringify(example, null, 2),
    }
  })
}
