import type { Things } from './people.ts'

/**
 * Who may come in: everybody, whoever has an access token, administrators, or whoever holds the object's signed URL.
 */
export type Gate = 'everybody' | 'users' | 'administrators' | 'signed URLs'

export interface RouteCase {
  readonly gate: Gate
  /** Which of its owner's things each parameter of the address names. */
  readonly names?: Readonly<Record<string, keyof Things>>
  /** A body that would take effect. */
  readonly json?: (things: Things) => unknown
}

const everybody: RouteCase = { gate: 'everybody' }
const users = (names: RouteCase['names'] = {}, json?: RouteCase['json']): RouteCase => ({
  gate: 'users',
  names,
  ...(json && { json }),
})
const administrators = (names: RouteCase['names'] = {}, json?: RouteCase['json']): RouteCase => ({
  ...users(names, json),
  gate: 'administrators',
})

/** Every route that there is, a line each: what is missing here, or is here and not there, fails the suite. */
export const routes: Readonly<Record<string, RouteCase>> = {
  'GET /': everybody,
  'GET /health': everybody,
  'GET /health/ready': everybody,
  'GET /media/{key}': { gate: 'signed URLs' },
  'GET /openapi.json': everybody,
  'GET /docs': everybody,
  'GET /docs/guides': everybody,
  'GET /docs/errors': everybody,
  'GET /docs/errors/{code}': everybody,
  'GET /docs/assets/{file}': everybody,
  'GET /llms.txt': everybody,

  'POST /api/users/user': everybody,
  'POST /api/users/login': everybody,
  'GET /api/users/profile': users(),
  'GET /api/users/tokens': users(),
  'PUT /api/users/{userId}': users({ userId: 'userId' }, () => ({ name: 'Another' })),
  'DELETE /api/users/{userId}': users({ userId: 'userId' }),

  'POST /api/datasets': users({}, () => ({ name: `new ${crypto.randomUUID()}` })),
  'GET /api/datasets': users(),
  'GET /api/datasets/{name}': users({ name: 'dataset' }),
  'PUT /api/datasets/{name}': users({ name: 'dataset' }, () => ({ tags: ['another'] })),
  'DELETE /api/datasets/{name}': users({ name: 'dataset' }),
  'GET /api/datasets/{name}/data': users({ name: 'dataset' }),
  'GET /api/datasets/{name}/{type}/{filename}': users({
    name: 'dataset',
    type: 'fileType',
    filename: 'fileName',
  }),
  'POST /api/datasets/data': users({}, ({ dataset, fileUpload }) => ({
    datasetName: dataset,
    image: fileUpload,
    mask: fileUpload,
  })),
  'GET /api/datasets/uploads/{uploadId}': users({ uploadId: 'upload' }),

  'POST /api/uploads': users({}, () => ({ fileName: 'a.zip', bytes: 10 })),
  'GET /api/uploads': users(),
  'GET /api/uploads/{id}': users({ id: 'fileUpload' }),
  'DELETE /api/uploads/{id}': users({ id: 'fileUpload' }),

  'GET /api/models': users(),

  'POST /api/inferences': users({}, ({ dataset }) => ({ datasetName: dataset, modelId: 'telea' })),
  'GET /api/inferences': users(),
  'GET /api/inferences/job/{jobId}/status': users({ jobId: 'job' }),
  'GET /api/inferences/{id}': users({ id: 'inference' }),
  'GET /api/inferences/{id}/results': users({ id: 'inference' }),
  'GET /api/inferences/{id}/results.zip': users({ id: 'inference' }),
  'GET /api/inferences/{id}/download/{filename}': users({ id: 'inference', filename: 'result' }),
  'POST /api/inferences/{id}/abort': users({ id: 'inference' }),
  'DELETE /api/inferences/{id}/results': users({ id: 'inference' }),

  'POST /api/admin/user-tokens': administrators({}, ({ email }) => ({ email, amount: 5 })),
  'GET /api/admin/users/{email}/tokens': administrators({ email: 'email' }),
  'GET /api/admin/transactions': administrators(),
  'GET /api/admin/datasets': administrators(),
  'GET /api/admin/inferences': administrators(),
  'GET /api/admin/inferences/{id}': administrators({ id: 'inference' }),
  'POST /api/admin/inferences/{id}/abort': administrators({ id: 'inference' }),
  'POST /api/admin/inferences/{id}/retry': administrators({ id: 'inference' }),
  'GET /api/admin/metrics': administrators(),
  'GET /api/admin/audit-log': administrators(),
  'POST /api/admin/reconciliations': administrators(),
  'GET /api/admin/reconciliations': administrators(),
  'GET /api/admin/reconciliations/{id}': administrators({ id: 'reconciliation' }),
}

/** Pages are for people: they are served like the API, and are no part of it and of its document. */
export const isPage = (name: string) => /^GET \/(docs(\/|$)|llms\.txt$)/.test(name)
