import { and, asc, eq, gt, isNull, lt, notExists, sql } from 'drizzle-orm'
import { tokenAccounts } from '../ledger/ledger.table.ts'
import { type Database, isUniqueViolation, preparedOnce } from '../shared/database.ts'
import { type UserRow, users } from './users.table.ts'

const userById = preparedOnce((query) =>
  query
    .select()
    .from(users)
    .where(eq(users.id, sql.placeholder('id')))
    .prepare(),
)

/** The user, deleted or not. */
export function findUserById(database: Database, id: string): Promise<UserRow | undefined> {
  return userById(database).get({ id })
}

/** The users of these ids, deleted or not, by id. */
export async function findUsersByIds(
  { query }: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, UserRow>> {
  const rows = await query
    .select()
    .from(users)
    .where(sql`${users.id} IN (SELECT value FROM json_each(${JSON.stringify([...new Set(ids)])}))`)
  return new Map(rows.map((row) => [row.id, row]))
}

export function findLiveUserByEmail(
  { query }: Database,
  email: string,
): Promise<UserRow | undefined> {
  return query
    .select()
    .from(users)
    .where(and(eq(users.emailKey, createEmailKey(email)), isNull(users.deletedAt)))
    .get()
}

/** Their condition is in the words of the partial index, which a bound parameter would not match. */
const isLiveAdministrator = sql`role = 'admin' AND deleted_at IS NULL`

export function findLiveAdministrator({ query }: Database): Promise<UserRow | undefined> {
  return query
    .select()
    .from(users)
    .where(isLiveAdministrator)
    .orderBy(asc(users.createdAt))
    .limit(1)
    .get()
}

/** Addresses that differ in case alone are one address. */
export function createEmailKey(email: string): string {
  return email.toLowerCase()
}

/** Inserts the user with what stands alongside; false when a live user has the e-mail address already. The unique index decides any race. */
export async function insertUser(
  { query, raw }: Database,
  user: UserRow,
  { alongside = [] }: { alongside?: readonly D1PreparedStatement[] } = {},
): Promise<boolean> {
  const insert = query.insert(users).values(user).onConflictDoNothing().toSQL()
  const [inserted] = await raw.batch([raw.prepare(insert.sql).bind(...insert.params), ...alongside])
  return inserted?.meta.changes === 1
}

export type UserChanges = Partial<
  Pick<UserRow, 'name' | 'surname' | 'email' | 'emailKey' | 'passwordHash' | 'accessVersion'>
>

/**
 * Changes the user, and writes what stands alongside, as long as nobody deleted them or changed their password since `user` was read.
 * `gone` when somebody did, `email_taken` when another live user has the new address.
 */
export async function updateUser(
  database: Database,
  {
    user,
    changes,
    nowMs,
    alongside,
  }: {
    user: UserRow
    changes: UserChanges
    nowMs: number
    alongside: readonly D1PreparedStatement[]
  },
): Promise<UserRow | 'gone' | 'email_taken'> {
  const { query, raw } = database
  const update = query
    .update(users)
    .set({ ...changes, updatedAt: nowMs })
    .where(isUnchanged(user))
    .toSQL()
  try {
    const [updated] = await raw.batch([
      raw.prepare(update.sql).bind(...update.params),
      ...alongside,
    ])
    if (updated?.meta.changes !== 1) return 'gone'
    return (await findUserById(database, user.id)) ?? 'gone'
  } catch (error) {
    if (isUniqueViolation(error)) return 'email_taken'
    throw error
  }
}

/** The statement that deletes a user logically; it changes nothing when somebody did so before. */
export function createDeleteStatement(
  { raw }: Database,
  { userId, nowMs }: { userId: string; nowMs: number },
): D1PreparedStatement {
  return raw
    .prepare(
      `UPDATE users SET deleted_at = ?2, updated_at = ?2, access_version = access_version + 1
       WHERE id = ?1 AND deleted_at IS NULL`,
    )
    .bind(userId, nowMs)
}

/** Stores a stronger hash of the same password, unless the password has changed since it was read. */
export async function replacePasswordHash(
  { query }: Database,
  { user, passwordHash }: { user: UserRow; passwordHash: string },
): Promise<void> {
  await query
    .update(users)
    .set({ passwordHash })
    .where(and(isUnchanged(user), eq(users.passwordHash, user.passwordHash)))
}

/** Live users registered within the window, oldest first, of whose token account nothing is known. */
export function listUsersWithoutAccount(
  { query }: Database,
  window: { afterMs: number; beforeMs: number; limit: number },
): Promise<{ id: string }[]> {
  const account = query
    .select({ one: sql`1` })
    .from(tokenAccounts)
    .where(eq(tokenAccounts.userId, users.id))
  return query
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        gt(users.createdAt, window.afterMs),
        lt(users.createdAt, window.beforeMs),
        isNull(users.deletedAt),
        notExists(account),
      ),
    )
    .orderBy(asc(users.createdAt))
    .limit(window.limit)
}

function isUnchanged(user: UserRow) {
  return and(
    eq(users.id, user.id),
    eq(users.accessVersion, user.accessVersion),
    isNull(users.deletedAt),
  )
}
