import { env } from 'cloudflare:workers'
import { createApp, servicesOf } from '../../src/app.ts'
import { createAmount } from '../../src/ledger/amounts.ts'
import { createEmailKey, insertUser } from '../../src/users/users.repository.ts'

const app = createApp()

export const services = servicesOf(env)

export interface TestUser {
  readonly id: string
  readonly email: string
  readonly accessToken: string
}

/** A user with an open account; no password is hashed, so nobody can log in as them. */
export async function createUser(
  options: { tokens?: number; role?: 'user' | 'admin' } = {},
): Promise<TestUser> {
  const id = crypto.randomUUID()
  const email = `${id}@example.com`
  await insertUser(services.database, {
    id,
    email,
    emailKey: createEmailKey(email),
    name: 'Mario',
    surname: 'Rossi',
    passwordHash: 'none',
    role: options.role ?? 'user',
    accessVersion: 1,
    createdAt: Date.now(),
    updatedAt: Date.now(),
    deletedAt: null,
  })
  await services.ledger.open(id, {
    operationId: `open:${id}`,
    amount: createAmount((options.tokens ?? 100) * 1000),
    description: 'Initial grant',
  })
  const accessToken = await services.accessTokens.issue({ userId: id, email, accessVersion: 1 })
  return { id, email, accessToken }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test names the very keys that it expects
  readonly body: any
}

/** Sends a request to the real app as that user. A JSON body by `json`, any other by `body`. */
export async function request(
  user: TestUser | null,
  method: string,
  path: string,
  options: { json?: unknown; body?: BodyInit; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const headers: Record<string, string> = { ...options.headers }
  if (user) headers.authorization = `Bearer ${user.accessToken}`
  if (options.json !== undefined) headers['content-type'] = 'application/json'
  const body = options.json === undefined ? options.body : JSON.stringify(options.json)
  const answer = await app.request(path, { method, headers, ...(body ? { body } : {}) }, env)
  const isJson = answer.headers.get('content-type')?.includes('json')
  return {
    status: answer.status,
    headers: answer.headers,
    body: isJson ? await answer.json() : new Uint8Array(await answer.arrayBuffer()),
  }
}

/** The user's balance in tokens, from the account object. */
export async function balanceOf(user: TestUser): Promise<number> {
  return (await services.ledger.balance(user.id)) / 1000
}
