import { auditChangeStatement } from '../audit/audit-log.repository.ts'
import type { Services } from '../services.ts'
import { issueAccessToken } from './log-in.ts'
import { userErrors } from './users.errors.ts'
import {
  createEmailKey,
  findLiveUserByEmail,
  type UserChanges,
  updateUser as updateRow,
} from './users.repository.ts'
import type { UserUpdate } from './users.schemas.ts'
import type { UserRow } from './users.table.ts'

/**
 * Changes what the update names; nothing when it names nothing. A new password ends every access token issued so far,
 * so the answer then carries a new one.
 * Throws `users.email_taken`, and `auth.invalid` when the user was deleted or changed their password meanwhile.
 */
export async function updateUser(
  services: Pick<Services, 'database' | 'clock' | 'passwords' | 'accessTokens'>,
  {
    user,
    update,
    requestId = null,
  }: { user: UserRow; update: UserUpdate; requestId?: string | null },
): Promise<{ user: UserRow; token?: string }> {
  const { database, passwords, accessTokens, clock } = services
  await ensureEmailFree(services, { user, email: update.email })
  const changes = planChanges(user, {
    ...update,
    passwordHash: update.password === undefined ? undefined : passwords.hash(update.password),
  })
  if (Object.keys(changes).length === 0) return { user }

  const nowMs = clock.nowMs()
  const alongside = auditStatements(database, { user, changes, requestId, nowMs })
  const updated = await updateRow(database, { user, changes, nowMs, alongside })
  if (updated === 'email_taken') throw createTakenError()
  if (updated === 'gone') throw userErrors.createError('auth.invalid', 'Invalid or expired token')
  if (changes.passwordHash === undefined) return { user: updated }
  return { user: updated, token: await issueAccessToken(accessTokens, updated) }
}

/** The names of the fields that changed, never what they hold. */
function auditStatements(
  database: Services['database'],
  made: { user: UserRow; changes: UserChanges; requestId: string | null; nowMs: number },
): D1PreparedStatement[] {
  const { user, changes, requestId, nowMs } = made
  const fields = (['name', 'surname', 'email'] as const).filter((field) => field in changes)
  const entry = {
    atMs: nowMs,
    actor: user,
    subjectKind: 'user',
    subjectId: user.id,
    ownerId: user.id,
    requestId,
  } as const
  const updated = { ...entry, action: 'user.updated', details: { fields } } as const
  const password = { ...entry, action: 'user.password_changed' } as const
  return [
    ...(fields.length > 0 ? [auditChangeStatement(database, updated)] : []),
    ...(changes.passwordHash === undefined ? [] : [auditChangeStatement(database, password)]),
  ]
}

function planChanges(
  user: UserRow,
  wanted: { [Field in 'name' | 'surname' | 'email' | 'passwordHash']?: string | undefined },
): UserChanges {
  const { name, surname, email, passwordHash } = wanted
  return {
    ...(name !== undefined && { name }),
    ...(surname !== undefined && { surname }),
    ...(email !== undefined && { email, emailKey: createEmailKey(email) }),
    ...(passwordHash !== undefined && { passwordHash, accessVersion: user.accessVersion + 1 }),
  }
}

/** Before anything is hashed; the unique index has the last word. */
async function ensureEmailFree(
  { database }: Pick<Services, 'database'>,
  { user, email }: { user: UserRow; email: string | undefined },
): Promise<void> {
  if (email === undefined || createEmailKey(email) === user.emailKey) return
  if (await findLiveUserByEmail(database, email)) throw createTakenError()
}

function createTakenError() {
  return userErrors.createError('users.email_taken', 'Email already in use by another account')
}
