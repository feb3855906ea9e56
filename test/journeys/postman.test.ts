import { readFileSync } from 'node:fs'
import path from 'node:path'
import newman, { type Summary } from 'newman'
import { describe, expect, inject, it } from 'vitest'
import type { ApiDocument } from '../../src/documentation/openapi/create-document.ts'
import { createDocumentCheck } from '../support/documented.ts'

const apiUrl = inject('apiUrl')
const docs = path.resolve(import.meta.dirname, '../../docs')
const collection = path.join(docs, 'postman/pa-inpainting.postman_collection.json')
const environment = path.join(docs, 'postman/pa-inpainting.postman_environment.json')

interface Item {
  readonly name: string
  readonly item?: readonly Item[]
}

/** The names of all requests, in the order in which they are to be sent. */
function listRequests({ name, item }: Item): string[] {
  return item ? item.flatMap(listRequests) : [name]
}
const requests = listRequests(JSON.parse(readFileSync(collection, 'utf8')))

function run(): Promise<Summary['run']> {
  const options = {
    collection,
    environment,
    envVar: [{ key: 'baseUrl', value: apiUrl }],
    workingDir: path.join(docs, 'samples'),
    insecureFileRead: false,
  }
  return new Promise((resolve, reject) =>
    newman.run(options, (error, summary) => (error ? reject(error) : resolve(summary.run))),
  )
}

/** Tests that failed and requests that could not be sent, each as a line. */
const listFailures = ({ failures }: Summary['run']) =>
  failures.map(
    ({ source, error }) => `${source?.name}: ${error.test ?? error.name}: ${error.message}`,
  )

/** What was answered that the document does not allow. */
async function findUndocumented({ executions }: Summary['run']): Promise<string[]> {
  const document = (await (await fetch(`${apiUrl}/openapi.json`)).json()) as ApiDocument
  const findProblem = createDocumentCheck(document)
  return executions.flatMap(({ item, request, response }) => {
    const url = request.url.toString()
    // The storage that takes the parts of a file is not the API.
    if (!response || new URL(url).pathname.startsWith('/cdn-cgi/')) return []
    const contentType = response.headers.get('content-type') ?? null
    const problem = findProblem({
      method: request.method,
      path: new URL(url).pathname,
      status: response.code,
      contentType,
      ...(contentType?.includes('json') && { body: JSON.parse(response.text()) }),
    })
    return problem === null ? [] : [`${item.name}: ${problem}`]
  })
}

describe('the Postman collection', () => {
  it.each(['from start to end', 'again, where an earlier run has left its traces'])(
    'runs %s: every request in its order, each answered as it says',
    async () => {
      const told = await run()
      expect(listFailures(told)).toEqual([])
      expect([...new Set(told.executions.map(({ item }) => item.name))]).toEqual(requests)
      expect(told.executions.filter(({ response }) => !response)).toEqual([])
      expect(told.stats.testScripts.total).toBe(told.executions.length)
      expect(told.stats.assertions.total).toBeGreaterThan(2 * requests.length)
      expect(await findUndocumented(told)).toEqual([])
    },
    150_000,
  )
})
