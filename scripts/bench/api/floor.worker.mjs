import { DurableObject } from 'cloudflare:workers'

/**
 * The floor: calls of D1, of an object and of R2, and nothing around them. Each query reads one row by its primary key.
 * `GET /?calls=query,batch 2,object` makes these calls one after another; `PUT /pair` stores the body twice, the
 * second time as many bytes of it as `mask` says, as an upload stores a picture and its mask.
 */
const oneRow = 'SELECT id, text FROM rows WHERE id = ?1'

export class Floor extends DurableObject {
  read() {
    return { id: 1, text: 'one' }
  }
}

/**
 * @typedef {object} Env
 * @property {any} DB
 * @property {any} MEDIA
 * @property {any} OBJECTS
 */

export default {
  /** @param {Request} request @param {Env} env */
  async fetch(request, env) {
    const url = new URL(request.url)
    if (request.method === 'PUT') return putPair(env, request, Number(url.searchParams.get('mask')))
    if (url.pathname === '/puts') return putMany(env, url)
    if (url.pathname === '/setup') return setUp(env)
    const calls = url.searchParams.get('calls') ?? ''
    const rows = []
    for (const call of calls === '' ? [] : calls.split(',')) rows.push(await make(env, call))
    return Response.json({ success: true, data: rows })
  },
}

/** @param {Env} env @param {string} call */
async function make(env, call) {
  const statement = () => env.DB.prepare(oneRow).bind(1)
  const [kind, count] = call.split(' ')
  if (kind === 'query') return (await statement().all()).results
  if (kind === 'batch') return env.DB.batch(Array.from({ length: Number(count) }, statement))
  if (kind === 'object') return env.OBJECTS.get(env.OBJECTS.idFromName('floor')).read()
  if (kind === 'get') return (await (await env.MEDIA.get('read')).arrayBuffer()).byteLength
  throw new Error(`'${call}' is no call of the floor.`)
}

/** @param {Env} env @param {Request} request @param {number} maskBytes */
async function putPair(env, request, maskBytes) {
  const image = await request.arrayBuffer()
  const id = crypto.randomUUID()
  await Promise.all([
    env.MEDIA.put(`${id}/image`, image),
    env.MEDIA.put(`${id}/mask`, image.slice(0, maskBytes)),
  ])
  return Response.json({ success: true })
}

/** Puts of files of one size, four pairs at a time. @param {Env} env @param {URL} url */
async function putMany(env, url) {
  const [pairs, image, mask] = ['pairs', 'image', 'mask'].map((name) =>
    Number(url.searchParams.get(name)),
  )
  const bytes = new Uint8Array(image ?? 0)
  for (let at = 0; at < bytes.length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  }
  const maskBytes = bytes.slice(0, mask)
  const id = crypto.randomUUID()
  let next = 0
  const lane = async () => {
    while (next < (pairs ?? 0)) {
      const number = next++
      await Promise.all([
        env.MEDIA.put(`${id}/image/${number}`, bytes),
        env.MEDIA.put(`${id}/mask/${number}`, maskBytes),
      ])
    }
  }
  await Promise.all([lane(), lane(), lane(), lane()])
  return Response.json({ success: true })
}

/** @param {Env} env */
async function setUp(env) {
  await env.DB.prepare('CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, text TEXT)').run()
  await env.DB.prepare("INSERT OR REPLACE INTO rows VALUES (1, 'one')").run()
  await env.MEDIA.put('read', new Uint8Array(100_000))
  return Response.json({ success: true })
}
