import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readApiDocument } from '../../scripts/lib/api-document.mjs'
import { fromRoot } from '../../scripts/lib/paths.mjs'
import { createCollection, findUntold } from '../../scripts/postman/collection.mjs'
import { createFiles } from '../../scripts/postman/files.mjs'

const document = readApiDocument()
const collection = createCollection(document)

/** @typedef {{ name: string, item?: Item[], event?: { listen: string, script: { exec: string[] } }[], request?: any }} Item */

/** Every request of the collection, in the order in which they are sent. @param {Item[]} items @returns {Item[]} */
const listRequests = (items) =>
  items.flatMap((item) => (item.item ? listRequests(item.item) : item))
const requests = listRequests(/** @type {Item[]} */ (collection.item))

/** @param {Item} item @param {string} listen */
const scriptOf = ({ event = [] }, listen) =>
  event
    .filter((each) => each.listen === listen)
    .flatMap(({ script }) => script.exec)
    .join('\n')

/** @param {string} script */
const listSet = (script) =>
  [...script.matchAll(/collectionVariables\.set\(["'](\w+)["']/g)].map(([, name = '']) => name)

/** @param {unknown} content */
const listUsed = (content) =>
  [...JSON.stringify(content).matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name)

/** A copy of the document in which something is otherwise. @param {(copy: typeof document) => void} change */
function changed(change) {
  const copy = structuredClone(document)
  change(copy)
  return copy
}

describe('the Postman collection', () => {
  it.each(createFiles(document).map(({ file, text }) => [file.slice(fromRoot().length + 1), text]))(
    'is made of the document and the story as they are: %s',
    (file, text) => {
      const committed = existsSync(fromRoot(file)) ? readFileSync(fromRoot(file), 'utf8') : ''
      expect(
        committed === text,
        `${file} is not what would be made now: run \`npm run postman\`.`,
      ).toBe(true)
    },
  )

  it('sends every operation of the document', () => {
    expect(findUntold(document), 'Add steps for these to scripts/postman/story/.').toEqual([])
  })

  it('has the four folders of the original, and deletes after them', () => {
    const names = collection.item.filter((item) => 'item' in item).map(({ name }) => name)
    expect(names).toEqual(['User', 'Dataset', 'Inference', 'Admin'])
    const methods = requests.map(({ request }) => request.method)
    const first = requests.findIndex(
      ({ request }) =>
        /\/api\/(users\/:userId|datasets\/:name)$/.test(request.url.raw) &&
        request.method === 'DELETE',
    )
    expect(collection.item.findIndex(({ name }) => name === requests[first]?.name)).toBe(4)
    expect(methods.filter((method) => method === 'DELETE').length).toBeGreaterThan(3)
  })

  it('sends nothing that no answer before has told, and that is no setting', () => {
    const known = new Set(collection.variable.map(({ key }) => key))
    const early = requests.flatMap((item) => {
      for (const name of listSet(scriptOf(item, 'prerequest'))) known.add(name)
      const missing = listUsed(item.request).filter((name) => !known.has(name))
      for (const name of listSet(scriptOf(item, 'test'))) known.add(name)
      return missing.map((name) => `${item.name}: ${name}`)
    })
    expect(early).toEqual([])
  })

  it('tests the status of every answer, and the code of every refusal', () => {
    const untested = requests.filter(
      (item) => !/pm\.test\('answers \d/.test(scriptOf(item, 'test')),
    )
    expect(untested.map(({ name }) => name)).toEqual([])
    const refusals = requests.filter(({ name }) => name.startsWith('Refused: '))
    const uncoded = refusals.filter((item) => !scriptOf(item, 'test').includes('the code is '))
    expect(uncoded.map(({ name }) => name)).toEqual([])
    expect(refusals.length).toBeGreaterThan(20)
  })

  it('uploads only files that are among the samples', () => {
    const files = JSON.stringify(collection).matchAll(/"src":"([^"]+)"/g)
    const names = [...new Set([...files].map(([, name = '']) => name))]
    expect(names.filter((name) => !existsSync(fromRoot('docs', 'samples', name)))).toEqual([])
    expect(names.length).toBeGreaterThan(5)
  })
})

describe('the making of the Postman collection', () => {
  it('refuses a story that sends what the document does not have, and says what it has', () => {
    const without = changed(({ paths }) => {
      delete paths['/api/models']
    })
    expect(() => createCollection(without)).toThrow(/'listModels'.*scripts\/postman\/story/)
  })

  it('refuses a story that expects what an operation does not declare', () => {
    const without = changed(({ paths }) => {
      delete paths['/api/users/user']?.post?.responses[201]
    })
    expect(() => createCollection(without)).toThrow(
      /expects 201 of 'registerUser', which declares 400/,
    )
  })

  it('finds an operation that no request sends', () => {
    const more = changed(({ paths }) => {
      paths['/api/new'] = { get: { operationId: 'getNew', responses: {} } }
    })
    expect(findUntold(more)).toEqual(['getNew'])
  })

  it('follows the document: another path, another request', () => {
    const moved = changed(({ paths }) => {
      const { '/api/models': models = {} } = paths
      paths['/api/engines'] = models
      delete paths['/api/models']
    })
    const urls = listRequests(/** @type {Item[]} */ (createCollection(moved).item)).map(
      ({ request }) => request.url.raw,
    )
    expect(urls).toContain('{{baseUrl}}/api/engines')
    expect(urls).not.toContain('{{baseUrl}}/api/models')
  })
})
