import { expect } from 'vitest'
import { issueAccessToken } from '../../src/users/log-in.ts'
import { createPasswordHasher } from '../../src/users/passwords.ts'
import type { UserRow } from '../../src/users/users.table.ts'
import { insertPerson, services } from './world.ts'

/** A hasher that is quick because it is weak. */
export const quickHasher = createPasswordHasher({ memoryKib: 64, passes: 1, lanes: 1 })

export const silentLogger = { info() {}, warn() {}, error() {} }

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
  const user = await insertPerson(tokens, {
    ...changes,
    email,
    passwordHash: changes.passwordHash ?? quickHasher.hash(password),
  })
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
