import { auditChangeStatement } from '../audit/audit-log.repository.ts'
import { formatTokens } from '../ledger/amounts.ts'
import type { Services } from '../services.ts'
import { describeError } from '../shared/logger.ts'
import { initialGrant, openAccount } from './open-accounts.ts'
import { userErrors } from './users.errors.ts'
import {
  createEmailKey,
  findLiveUserByEmail,
  findUserById,
  insertUser,
} from './users.repository.ts'
import type { Registration } from './users.schemas.ts'
import type { UserRow } from './users.table.ts'

export interface RegisteredUser {
  readonly user: UserRow
  /** In tokens. */
  readonly tokens: number
}

/**
 * Registers an ordinary user with the initial grant. The user is there once their row is: when the token account cannot
 * be opened at once, the sweep opens it (see `openMissingAccounts`). Registering again under the same id changes nothing.
 * Throws `users.email_taken`, also to all but one of those who register the same address at the same moment.
 */
export async function registerUser(
  services: Pick<Services, 'database' | 'clock' | 'createId' | 'logger' | 'ledger' | 'passwords'>,
  registration: Registration,
  { id = services.createId(), requestId = null }: { id?: string; requestId?: string | null } = {},
): Promise<RegisteredUser> {
  const user = await findOrInsert(services, registration, { id, requestId })
  try {
    await openAccount(services.ledger, { userId: user.id, grant: initialGrant })
  } catch (error) {
    services.logger.warn('users.account_not_opened_yet', {
      userId: user.id,
      ...describeError(error),
    })
  }
  return { user, tokens: formatTokens(initialGrant) }
}

async function findOrInsert(
  { database, clock, passwords }: Pick<Services, 'database' | 'clock' | 'passwords'>,
  registration: Registration,
  { id, requestId }: { id: string; requestId: string | null },
): Promise<UserRow> {
  const holder = await findLiveUserByEmail(database, registration.email)
  if (holder?.id === id) return holder
  if (holder) throw createTakenError()

  const nowMs = clock.nowMs()
  const user: UserRow = {
    id,
    name: registration.name,
    surname: registration.surname,
    email: registration.email,
    emailKey: createEmailKey(registration.email),
    passwordHash: passwords.hash(registration.password),
    role: 'user',
    accessVersion: 1,
    createdAt: nowMs,
    updatedAt: nowMs,
    deletedAt: null,
  }
  const audit = auditChangeStatement(database, {
    atMs: nowMs,
    actor: { id, role: 'user' },
    action: 'user.registered',
    subjectKind: 'user',
    subjectId: id,
    ownerId: id,
    requestId,
  })
  if (await insertUser(database, user, { alongside: [audit] })) return user
  const registered = await findUserById(database, id)
  if (registered) return registered
  throw createTakenError()
}

function createTakenError() {
  return userErrors.createError(
    'users.email_taken',
    'An account with this email address already exists. Please use a different email or try logging in.',
  )
}
