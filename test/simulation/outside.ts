import { env } from 'cloudflare:workers'
import { interceptDatabase, interceptMethods } from '../support/intercept.ts'
import type { Actor, CallOptions, Stage } from './stage.ts'

type Bindings = Pick<Env, 'DB' | 'MEDIA' | 'TOKEN_ACCOUNTS'>

/** Calls a method of a user's account object. */
export type CallAccount = (
  userId: string,
  method: string,
  parameters: readonly unknown[],
) => Promise<unknown>

/** The bindings as one actor sees them: every call waits for its turn on the stage, and may suffer a fault. */
export function createBindings(stage: Stage, actor: Actor, callAccount: CallAccount): Bindings {
  return {
    DB: wrapDatabase(stage, actor),
    MEDIA: wrapBucket(stage, actor),
    TOKEN_ACCOUNTS: wrapAccounts(stage, actor, callAccount),
  }
}

function wrapDatabase(stage: Stage, actor: Actor): D1Database {
  const createError = () => new Error('D1_ERROR: Network connection lost.')
  return interceptDatabase(env.DB, ({ method, sql, statementCount }, ask) => {
    const what = method === 'batch' ? `batch of ${statementCount}` : summarize(sql)
    return stage.call(actor, `database ${what}`, ask, { createError })
  })
}

function summarize(sql: string): string {
  return sql.replace(/\s+/g, ' ').trim().slice(0, 60)
}

const objectMethods = [
  'head',
  'get',
  'put',
  'delete',
  'list',
  'createMultipartUpload',
  'resumeMultipartUpload',
]

function wrapBucket(stage: Stage, actor: Actor): R2Bucket {
  const around = (name: string, parameters: unknown[], call: () => Promise<unknown>) => {
    const isStream = parameters.some((parameter) => parameter instanceof ReadableStream)
    const options: CallOptions = {
      mayRepeat: !isStream && ['put', 'delete'].includes(name),
      createError: () => new Error(`${name}: We encountered an internal error. (10001)`),
    }
    return stage.call(actor, `bucket ${name}`, call, options)
  }
  const wrapMultipart = (upload: R2MultipartUpload) =>
    interceptMethods(upload, ['uploadPart', 'complete', 'abort'], around)
  return interceptMethods(env.MEDIA, objectMethods, (name, parameters, call) => {
    // Taking up a multipart upload again asks nobody.
    if (name === 'resumeMultipartUpload') {
      return wrapMultipart(
        Reflect.apply(env.MEDIA.resumeMultipartUpload, env.MEDIA, parameters as [string, string]),
      )
    }
    const answer = around(name, parameters, call)
    if (name !== 'createMultipartUpload') return answer
    return (answer as Promise<R2MultipartUpload>).then(wrapMultipart)
  })
}

function wrapAccounts(stage: Stage, actor: Actor, callAccount: CallAccount): Env['TOKEN_ACCOUNTS'] {
  const createError = () =>
    actor.random.chance(0.5)
      ? Object.assign(new Error('Network connection lost.'), { retryable: true })
      : new Error('internal error')
  const wrapStub = (userId: string) =>
    new Proxy({} as Record<PropertyKey, unknown>, {
      get:
        (_, method) =>
        (...parameters: unknown[]) =>
          stage.call(
            actor,
            `account ${String(method)}`,
            () => callAccount(userId, String(method), parameters),
            { mayRepeat: true, createError },
          ),
    })
  return { getByName: wrapStub } as unknown as Env['TOKEN_ACCOUNTS']
}
