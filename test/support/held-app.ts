import { createApp } from '../../src/app.ts'
import { createDocument } from '../../src/documentation/openapi/create-document.ts'
import { createDocumentCheck, type FindProblem } from './documented.ts'

type App = ReturnType<typeof createApp>

let check: FindProblem | undefined

/** What the document allows: every app has the same routes. */
const findProblem: FindProblem = (answered) => {
  const settings = { PUBLIC_BASE_URL: 'http://127.0.0.1:8787' }
  check ??= createDocumentCheck(createDocument(createApp(), settings))
  return check(answered)
}

/** The app: an answer that its document does not allow fails whoever asked. */
export function createHeldApp(...options: Parameters<typeof createApp>): App {
  return holdToDocument(createApp(...options))
}

export function holdToDocument(app: App): App {
  const request = app.request
  app.request = async (input, init, ...rest) => {
    const answer = await request(input, init, ...rest)
    // Methods are sent in capitals, however they are written.
    const method = (input instanceof Request ? input : init)?.method?.toUpperCase() ?? 'GET'
    const contentType = answer.headers.get('content-type')
    const isJson = method !== 'HEAD' && (contentType?.includes('json') ?? false)
    const problem = findProblem({
      method,
      path: input instanceof Request ? input.url : String(input),
      status: answer.status,
      contentType,
      ...(isJson && { body: await answer.clone().json() }),
    })
    if (problem !== null) throw new Error(problem)
    return answer
  }
  return app
}
