import { env } from 'cloudflare:workers'
import { servicesOf } from '../../src/app.ts'
import { createAmount } from '../../src/ledger/amounts.ts'
import { issueAccessToken } from '../../src/users/log-in.ts'
import { createEmailKey, insertUser } from '../../src/users/users.repository.ts'
import type { UserRow } from '../../src/users/users.table.ts'
import { createHeldApp } from './held-app.ts'

export const services = servicesOf(env)

/** The real app. An answer that its document does not allow fails the test that asked. */
export const app = createHeldApp()

export interface TestUser {
  readonly id: string
  readonly email: string
  readonly accessToken: string
}

/** Writes a user down, as right as a registration would but for the given changes, and opens their account. */
export async function insertPerson(
  tokens: number,
  changes: Partial<UserRow> & Pick<UserRow, 'email' | 'passwordHash'>,
): Promise<UserRow> {
  const user: UserRow = {
    id: crypto.randomUUID(),
    name: 'Mario',
    surname: 'Rossi',
    emailKey: createEmailKey(changes.email),
    role: 'user',
    accessVersion: 1,
    createdAt: Date.now(),
    updatedAt: Date.now(),
    deletedAt: null,
    ...changes,
  }
  if (!(await insertUser(services.database, user))) throw new Error(`${user.email} is taken.`)
  const opened = await services.ledger.open(user.id, {
    operationId: `open:${user.id}`,
    amount: createAmount(tokens * 1000),
    description: 'Initial grant',
  })
  if (!opened.ok) throw new Error(opened.code)
  return user
}

/** A user with an open account; no password is hashed, so nobody can log in as them. */
export async function createUser(
  options: { tokens?: number; role?: 'user' | 'admin' } = {},
): Promise<TestUser> {
  const user = await insertPerson(options.tokens ?? 100, {
    email: `${crypto.randomUUID()}@example.com`,
    passwordHash: 'none',
    role: options.role ?? 'user',
  })
  const accessToken = await issueAccessToken(services.accessTokens, user)
  return { id: user.id, email: user.email, accessToken }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test names the very keys that it expects
  readonly body: any
}

interface Asked {
  /** Text is sent as it is. */
  readonly json?: unknown
  readonly body?: BodyInit
  readonly headers?: Record<string, string>
}

/** Asks the real app. A JSON body by `json`, any other by `body`; answers JSON parsed, anything else as bytes. */
export async function ask(
  method: string,
  path: string,
  { token, json, body, ...options }: Asked & { readonly token?: string } = {},
): Promise<Answer> {
  const headers = new Headers(options.headers)
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  const init: RequestInit = { method, headers }
  if (body !== undefined) init.body = body
  if (json !== undefined) {
    headers.set('content-type', 'application/json')
    init.body = typeof json === 'string' ? json : JSON.stringify(json)
  }
  const answer = await app.request(path, init, env)
  const isJson = answer.headers.get('content-type')?.includes('json')
  return {
    status: answer.status,
    headers: answer.headers,
    body: isJson ? await answer.json() : new Uint8Array(await answer.arrayBuffer()),
  }
}

/** Asks as that user, or as nobody. */
export function request(
  user: TestUser | null,
  method: string,
  path: string,
  options: Asked = {},
): Promise<Answer> {
  return ask(method, path, user ? { ...options, token: user.accessToken } : options)
}

/** The user's balance in tokens, from the account object. */
export async function balanceOf(user: TestUser): Promise<number> {
  return (await services.ledger.balance(user.id)) / 1000
}
