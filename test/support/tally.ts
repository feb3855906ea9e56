import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { TokenAccount } from '../../src/ledger/account/token-account.object.ts'
import { createLedgerProjection } from '../../src/ledger/ledger.projection.ts'
import { createServices, type Services } from '../../src/services.ts'
import { interceptMethods } from './intercept.ts'
import { silentLogger } from './people.ts'

/** What the platform counts, and bills, of a piece of work. */
export interface Counts {
  /** Statements, and round trips to the database: a batch is one. */
  d1Statements: number
  d1Calls: number
  d1RowsRead: number
  d1RowsWritten: number
  objectRequests: number
  objectRowsWritten: number
  objectRowsRead: number
  r2ClassA: number
  r2ClassB: number
  /** A message is written, read and deleted: three operations where it is acknowledged at once. */
  queueMessages: number
  serviceCalls: number
}

const nothing: Counts = {
  d1Statements: 0,
  d1Calls: 0,
  d1RowsRead: 0,
  d1RowsWritten: 0,
  objectRequests: 0,
  objectRowsWritten: 0,
  objectRowsRead: 0,
  r2ClassA: 0,
  r2ClassB: 0,
  queueMessages: 0,
  serviceCalls: 0,
}

export interface Tally {
  readonly services: Services
  readonly env: Env
  readonly messages: unknown[]
  /** What the work took of everything that is counted. */
  during(work: () => Promise<unknown>): Promise<Counts>
  /** The same, of work that is no part of what is counted around it. */
  aside(work: () => Promise<unknown>): Promise<Counts>
  /** Counts what an account's object does as well. */
  watchAccount(userId: string): Promise<void>
}

/** Bindings that do what they do and count it, and services on them. Messages are kept and not delivered. */
export function createTally(answerOfService: (body: never) => Response): Tally {
  const total = { ...nothing }
  const messages: unknown[] = []
  const database = countDatabase(env.DB, total)
  const queue = { sendBatch: async (batch: Iterable<{ body: unknown }>) => keep([...batch]) }
  const keep = (batch: { body: unknown }[]) => {
    total.queueMessages += batch.length
    messages.push(...batch.map(({ body }) => body))
  }
  const counting = {
    ...env,
    DB: database,
    MEDIA: countBucket(env.MEDIA, total),
    TOKEN_ACCOUNTS: countObjects(env.TOKEN_ACCOUNTS, total),
    RATE_LIMITS: countObjects(env.RATE_LIMITS, total),
    LOGIN_GUARDS: countObjects(env.LOGIN_GUARDS, total),
    TASKS: queue,
    VIDEOS: queue,
    UPLOADS: { ...queue, send: async (body: unknown) => keep([{ body }]) },
    MEDIA_DELIVERY: 'redirect',
    // Limits that keep an object's door ask it: production has all of them.
    UPLOADS_BY_ADDRESS: '600/60',
  } as unknown as Env
  const services = createServices(counting, {
    clock: { nowMs: () => Date.now() },
    createId: () => crypto.randomUUID(),
    sleep: async () => undefined,
    logger: silentLogger,
    fetch: async (_, init) => {
      total.serviceCalls += 1
      return answerOfService(JSON.parse(String(init?.body ?? '{}')) as never)
    },
  })
  return {
    services,
    env: counting,
    messages,
    async during(work) {
      Object.assign(total, nothing)
      await work()
      return { ...total }
    },
    async aside(work) {
      const around = { ...total }
      Object.assign(total, nothing)
      await work()
      const counts = { ...total }
      Object.assign(total, around)
      return counts
    },
    async watchAccount(userId) {
      const account = env.TOKEN_ACCOUNTS.getByName(userId)
      await runInDurableObject(account, (instance: TokenAccount, state) => {
        instance.means.projection = createLedgerProjection(database)
        countRows(state.storage.sql, total)
      })
    },
  }
}

/** A batch is a call of all its statements. What each read and wrote is in the answer, which `first` and `raw` leave out. */
function countDatabase(raw: D1Database, total: Counts): D1Database {
  const originals = new WeakMap<object, D1PreparedStatement>()
  const add = ({ meta }: Pick<D1Result, 'meta'>) => {
    total.d1Statements += 1
    total.d1RowsRead += meta.rows_read
    total.d1RowsWritten += meta.rows_written
  }
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const all = async () => {
      const result = await statement.all<Record<string, unknown>>()
      total.d1Calls += 1
      add(result)
      return result
    }
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all,
      run: all,
      first: async (column?: string) => {
        const [row = null] = (await all()).results
        return column === undefined || row === null ? row : (row[column] ?? null)
      },
      raw: async () => {
        // Reading twice shows the same rows, by place and not by name.
        const { meta } = await all()
        if (meta.rows_written > 0) throw new Error('A statement that writes was asked by raw().')
        return statement.raw()
      },
    } as unknown as D1PreparedStatement
    originals.set(wrapped, statement)
    return wrapped
  }
  return {
    prepare: (sql: string) => wrap(raw.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) => {
      const results = await raw.batch(
        statements.map((statement) => originals.get(statement) ?? statement),
      )
      total.d1Calls += 1
      results.forEach(add)
      return results
    },
  } as unknown as D1Database
}

function countBucket(bucket: R2Bucket, total: Counts): R2Bucket {
  const classA = ['put', 'list', 'createMultipartUpload']
  const classB = ['get', 'head']
  return interceptMethods(bucket, [...classA, ...classB], (name, _, call) => {
    if (classA.includes(name)) total.r2ClassA += 1
    else total.r2ClassB += 1
    return call()
  })
}

/** Each method that is called of an object is a request to it. */
function countObjects<Namespace extends object>(namespace: Namespace, total: Counts): Namespace {
  const stubOf = (stub: object) =>
    interceptMethodsInStep(stub, () => {
      total.objectRequests += 1
    })
  return new Proxy(namespace, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== 'function') return value
      return (...parameters: unknown[]) => {
        const answer: unknown = Reflect.apply(value, target, parameters)
        return key === 'getByName' || key === 'get' ? stubOf(answer as object) : answer
      }
    },
  })
}

function countRows(sql: SqlStorage, total: Counts): void {
  const exec = sql.exec.bind(sql)
  Object.defineProperty(sql, 'exec', {
    configurable: true,
    value: (...parameters: Parameters<typeof exec>) => {
      const cursor = exec(...parameters)
      let [read, written] = [0, 0]
      // A cursor reads as it is asked, and tells what it has read until then.
      const note = () => {
        total.objectRowsRead += cursor.rowsRead - read
        total.objectRowsWritten += cursor.rowsWritten - written
        ;[read, written] = [cursor.rowsRead, cursor.rowsWritten]
      }
      note()
      return interceptMethodsInStep(cursor, note)
    },
  })
}

function interceptMethodsInStep<Target extends object>(target: Target, note: () => void): Target {
  return new Proxy(target, {
    get(_, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== 'function') return value
      return (...parameters: unknown[]) => {
        const answer: unknown = Reflect.apply(value, target, parameters)
        note()
        return answer
      }
    },
  })
}
