import type { Services } from '../services.ts'
import { userErrors } from './users.errors.ts'
import {
  createEmailKey,
  findLiveUserByEmail,
  findUserById,
  replacePasswordHash,
} from './users.repository.ts'
import type { Login } from './users.schemas.ts'
import type { UserRow } from './users.table.ts'

/** Who tries to log in, beside what they say. */
export interface LoginClient {
  readonly address: string
  /** An access token that came with the request, or what is put in its place. */
  readonly accessToken: string | null
}

/**
 * Exchanges an e-mail address and a password for an access token.
 * Throws `auth.bad_credentials`, the same and after the same work for an unknown address as for a wrong password, and
 * `auth.too_many_failures` before the password is looked at.
 */
export async function logIn(
  services: Pick<Services, 'database' | 'passwords' | 'accessTokens' | 'loginGuard'>,
  { email, password }: Login,
  client: LoginClient,
): Promise<{ token: string; user: UserRow }> {
  const { database, passwords, accessTokens, loginGuard } = services
  // Before the try is booked: a database that is away must not use up anybody's tries.
  const user = await findLiveUserByEmail(database, email)
  const attempt = await loginGuard.knockOrThrow({
    email,
    address: client.address,
    tokenHolderId: await findTokenHolder(services, email, client.accessToken),
  })
  const isRight = passwords.verify(password, user?.passwordHash)
  if (user === undefined || !isRight) {
    throw userErrors.createError(
      'auth.bad_credentials',
      'User login failed. Please check your credentials.',
    )
  }
  await attempt.succeed()
  if (passwords.needsRehash(user.passwordHash)) {
    await replacePasswordHash(database, { user, passwordHash: passwords.hash(password) })
  }
  return { token: await issueAccessToken(accessTokens, user), user }
}

/** The id of the address's user, when the token is theirs and live. */
async function findTokenHolder(
  { database, accessTokens }: Pick<Services, 'database' | 'accessTokens'>,
  email: string,
  accessToken: string | null,
): Promise<string | null> {
  const claims = accessToken === null ? null : await accessTokens.read(accessToken)
  if (claims === null) return null
  const user = await findUserById(database, claims.userId)
  const isLive = user?.deletedAt === null && user.accessVersion === claims.accessVersion
  return isLive && user.emailKey === createEmailKey(email) ? user.id : null
}

/** A token for the user as they are now: their next change of password ends it. */
export function issueAccessToken(
  accessTokens: Pick<Services['accessTokens'], 'issue'>,
  user: UserRow,
): Promise<string> {
  const { id: userId, email, accessVersion } = user
  return accessTokens.issue({ userId, email, accessVersion })
}
