/**
 * The built Worker with a count of its calls of D1, objects, R2 and other services: each answer names them, in order, in
 * `X-Calls`. One request at a time.
 */
import worker from './index.js'

export * from './index.js'

/** @type {string[]} */
let calls = []
/** @type {WeakMap<object, object>} */
const bare = new WeakMap()

const objectNames = ['TOKEN_ACCOUNTS', 'RATE_LIMITS', 'LOGIN_GUARDS']
const runs = ['first', 'all', 'raw', 'run']
const r2Calls = ['get', 'put', 'head', 'delete', 'list']

/**
 * An object whose named methods go through `around`, and whose others are its own.
 * @param {any} target
 * @param {(name: string, method: (...args: any[]) => any) => ((...args: any[]) => any) | undefined} around
 * @returns {any}
 */
function wrap(target, around) {
  const proxy = new Proxy(target, {
    get(_, name) {
      const value = target[name]
      if (typeof value !== 'function') return value
      const method = (/** @type {any[]} */ ...args) => Reflect.apply(value, target, args)
      return (typeof name === 'string' && around(name, method)) || method
    },
  })
  bare.set(proxy, target)
  return proxy
}

/** @param {string} call @param {(...args: any[]) => any} method */
const count =
  (call, method) =>
  (/** @type {any[]} */ ...args) => {
    calls.push(call)
    return method(...args)
  }

/** @param {any} statement @returns {any} */
const wrapStatement = (statement) =>
  wrap(statement, (name, method) => {
    if (name === 'bind') return (...values) => wrapStatement(method(...values))
    return runs.includes(name) ? count('query', method) : undefined
  })

/** @param {any} database @returns {any} */
const wrapDatabase = (database) =>
  wrap(database, (name, method) => {
    if (name === 'prepare') return (sql) => wrapStatement(method(sql))
    if (name === 'withSession') return (...args) => wrapDatabase(method(...args))
    if (name !== 'batch') return undefined
    return (/** @type {object[]} */ statements) =>
      count(
        `batch ${statements.length}`,
        method,
      )(statements.map((statement) => bare.get(statement) ?? statement))
  })

/** @param {any} namespace */
const wrapNamespace = (namespace) =>
  wrap(namespace, (name, method) =>
    name === 'get' || name === 'getByName'
      ? (...args) => wrap(method(...args), (_, call) => count('object', call))
      : undefined,
  )

/** @param {any} bucket */
const wrapBucket = (bucket) =>
  wrap(bucket, (name, method) => (r2Calls.includes(name) ? count(name, method) : undefined))

/** @param {any} env */
const wrapEnvironment = (env) => ({
  ...env,
  DB: wrapDatabase(env.DB),
  MEDIA: wrapBucket(env.MEDIA),
  ...Object.fromEntries(objectNames.map((name) => [name, wrapNamespace(env[name])])),
})

const fetchBare = globalThis.fetch
globalThis.fetch = count('service', fetchBare)

/** @type {object | undefined} */
let environment

export default {
  ...worker,
  /** @param {Request} request @param {object} env @param {unknown} context */
  async fetch(request, env, context) {
    const wrapped = environment ?? wrapEnvironment(env)
    environment = wrapped
    calls = []
    const answer = await worker.fetch(request, wrapped, context)
    const body = await answer.arrayBuffer()
    const headers = new Headers(answer.headers)
    headers.set('X-Calls', calls.join(','))
    return new Response(answer.status === 204 ? null : body, { status: answer.status, headers })
  },
}
