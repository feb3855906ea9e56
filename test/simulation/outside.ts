import { env } from 'cloudflare:workers'
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

/** The methods of these names go through `around`; all others, and what is no method, are as they are. */
function wrapMethods<Target extends object>(
  target: Target,
  names: readonly string[],
  around: (name: string, parameters: unknown[], call: () => Promise<unknown>) => unknown,
): Target {
  return new Proxy(target, {
    get(_, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== 'function') return value
      if (!names.includes(String(key))) return value.bind(target)
      return (...parameters: unknown[]) =>
        around(String(key), parameters, async () => Reflect.apply(value, target, parameters))
    },
  })
}

function wrapDatabase(stage: Stage, actor: Actor): D1Database {
  const originals = new WeakMap<object, D1PreparedStatement>()
  const createError = () => new Error('D1_ERROR: Network connection lost.')
  const ask = (name: string, effect: () => Promise<unknown>) =>
    stage.call(actor, name, effect, { createError })
  const wrapStatement = (statement: D1PreparedStatement, sql: string): D1PreparedStatement => {
    const asked = wrapMethods(statement, ['run', 'first', 'all', 'raw'], (_, __, call) =>
      ask(`database ${summarize(sql)}`, call),
    )
    const wrapped = new Proxy(asked, {
      get(target, key) {
        if (key !== 'bind') return Reflect.get(target, key)
        return (...values: unknown[]) => wrapStatement(statement.bind(...values), sql)
      },
    })
    originals.set(wrapped, statement)
    return wrapped
  }
  const database = {
    prepare: (sql: string) => wrapStatement(env.DB.prepare(sql), sql),
    batch: (statements: D1PreparedStatement[]) =>
      ask(`database batch of ${statements.length}`, () =>
        env.DB.batch(statements.map((statement) => originals.get(statement) ?? statement)),
      ),
  }
  return database as unknown as D1Database
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
    wrapMethods(upload, ['uploadPart', 'complete', 'abort'], around)
  return wrapMethods(env.MEDIA, objectMethods, (name, parameters, call) => {
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
