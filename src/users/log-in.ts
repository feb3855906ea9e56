import type { Services } from '../services.ts'
import { userErrors } from './users.errors.ts'
import { findLiveUserByEmail, replacePasswordHash } from './users.repository.ts'
import type { Login } from './users.schemas.ts'
import type { UserRow } from './users.table.ts'

/**
 * Exchanges an e-mail address and a password for an access token.
 * Throws `auth.bad_credentials`, the same and after the same work for an unknown address as for a wrong password.
 */
export async function logIn(
  { database, passwords, accessTokens }: Pick<Services, 'database' | 'passwords' | 'accessTokens'>,
  login: Login,
): Promise<{ token: string; user: UserRow }> {
  const user = await findLiveUserByEmail(database, login.email)
  const isRight = passwords.verify(login.password, user?.passwordHash)
  if (user === undefined || !isRight) {
    throw userErrors.createError(
      'auth.bad_credentials',
      'User login failed. Please check your credentials.',
    )
  }
  if (passwords.needsRehash(user.passwordHash)) {
    await replacePasswordHash(database, { user, passwordHash: passwords.hash(login.password) })
  }
  return { token: await issueAccessToken(accessTokens, user), user }
}

/** A token for the user as they are now: their next change of password ends it. */
export function issueAccessToken(
  accessTokens: Pick<Services['accessTokens'], 'issue'>,
  user: UserRow,
): Promise<string> {
  const { id: userId, email, accessVersion } = user
  return accessTokens.issue({ userId, email, accessVersion })
}
