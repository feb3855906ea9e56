import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { createApp, servicesOf } from '../../src/app.ts'
import { createAmount } from '../../src/ledger/amounts.ts'
import { issueAccessToken } from '../../src/users/log-in.ts'
import { createPasswordHasher } from '../../src/users/passwords.ts'
import { createEmailKey, insertUser } from '../../src/users/users.repository.ts'
import type { UserRow } from '../../src/users/users.table.ts'

export const app = createApp()
export const services = servicesOf(env)

/** A hasher that is quick because it is weak. */
export const quickHasher = createPasswordHasher({ memoryKib: 64, passes: 1, lanes: 1 })

export const silentLogger = { info() {}, warn() {}, error() {} }

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: an answer's body is what the test says of it
  readonly body: any
}

/** Asks the real app. `json` may be text, which is sent as it is. */
export async function ask(
  method: string,
  path: string,
  options: { token?: string; json?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const headers = new Headers(options.headers)
  if (options.token !== undefined) headers.set('authorization', `Bearer ${options.token}`)
  const init: RequestInit = { method, headers }
  if (options.json !== undefined) {
    headers.set('content-type', 'application/json')
    init.body = typeof options.json === 'string' ? options.json : JSON.stringify(options.json)
  }
  const response = await app.request(path, init, env)
  return { status: response.status, headers: response.headers, body: await response.json() }
}

let peopleCount = 0

export interface Person {
  readonly user: UserRow
  readonly token: string
  readonly password: string
}

/** Somebody who is registered and has tokens, without the time that hashing a password takes. */
export async function createPerson({
  tokens = 100,
  ...changes
}: Partial<UserRow> & { tokens?: number } = {}): Promise<Person> {
  peopleCount += 1
  const email =
    changes.email ?? `Person${peopleCount}-${crypto.randomUUID().slice(0, 8)}@example.com`
  const password = 'Passw0rd!'
  const user: UserRow = {
    id: crypto.randomUUID(),
    name: 'Mario',
    surname: 'Rossi',
    email,
    emailKey: createEmailKey(email),
    passwordHash: quickHasher.hash(password),
    role: 'user',
    accessVersion: 1,
    createdAt: Date.now(),
    updatedAt: Date.now(),
    deletedAt: null,
    ...changes,
  }
  if (!(await insertUser(services.database, user))) throw new Error(`${email} is taken.`)
  const opened = await services.ledger.open(user.id, {
    operationId: `open:${user.id}`,
    amount: createAmount(tokens * 1000),
    description: 'Initial grant',
  })
  if (!opened.ok) throw new Error(opened.code)
  return { user, password, token: await issueAccessToken(services.accessTokens, user) }
}

export function createAdministrator(): Promise<Person> {
  return createPerson({ role: 'admin', tokens: 1000 })
}

/** A registration that is right, but for the given changes. */
export function createRegistration(changes: Record<string, unknown> = {}) {
  const email = `mario${crypto.randomUUID().slice(0, 12)}@example.com`
  return { name: 'Mario', surname: 'Rossi', email, password: 'Passw0rd!', ...changes }
}

export function refusal(message: string) {
  return expect.objectContaining({ success: false, message })
}
