import { env } from 'cloudflare:workers'
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { issueAccessToken } from '../../src/users/log-in.ts'
import { findUserById } from '../../src/users/users.repository.ts'
import type { UserRow } from '../../src/users/users.table.ts'
import { createPerson } from '../support/people.ts'
import { services } from '../support/world.ts'

export interface BadCredential {
  readonly name: string
  /** The headers of a request that is right but for them. */
  readonly headers: Readonly<Record<string, string>>
  readonly code: string
}

const { settings } = services
const hourSeconds = 3600

const claimsOf = (user: UserRow) => ({
  userId: user.id,
  email: user.email,
  accessVersion: user.accessVersion,
})

interface Signing {
  readonly secret?: string
  readonly algorithm?: string
  readonly type?: string
  readonly audience?: string | null
  readonly expiresInSeconds?: number | null
  readonly issuedInSeconds?: number
}

/** An access token as the API makes it, but for the given changes. */
async function sign(claims: JWTPayload, signing: Signing = {}): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1000)
  const secret = new TextEncoder().encode(signing.secret ?? settings.JWT_SECRET)
  const real = await services.accessTokens.issue({ userId: '', email: '', accessVersion: 1 })
  const { kid } = JSON.parse(Buffer.from(real.split('.')[0] ?? '', 'base64url').toString())
  const jwt = new SignJWT(claims)
    .setProtectedHeader({ alg: signing.algorithm ?? 'HS256', typ: signing.type ?? 'at+jwt', kid })
    .setIssuedAt(nowSeconds + (signing.issuedInSeconds ?? 0))
  if (signing.audience !== null) jwt.setAudience(signing.audience ?? 'pa-inpainting-api')
  const expiresInSeconds = signing.expiresInSeconds ?? hourSeconds
  if (signing.expiresInSeconds !== null) jwt.setExpirationTime(nowSeconds + expiresInSeconds)
  return jwt.sign(secret)
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** The right token of somebody who may come in, which shows that `sign` makes tokens that are wrong for one reason alone. */
export async function signRightToken(userId: string): Promise<string> {
  const user = await findUserById(services.database, userId)
  if (!user) throw new Error('A right token is somebody’s.')
  return sign(claimsOf(user))
}

/** Everything that opens no door, made for somebody whose real token would. */
export async function makeBadCredentials(userId: string): Promise<BadCredential[]> {
  const user = await findUserById(services.database, userId)
  if (!user) throw new Error('A bad credential is made for somebody.')
  const claims = claimsOf(user)
  const real = await issueAccessToken(services.accessTokens, user)
  const [head = '', body = '', signature = ''] = real.split('.')
  const deleted = await createPerson({ deletedAt: 1, role: 'admin' })
  const changed = await createPerson({ role: 'admin' })
  await env.DB.prepare('UPDATE users SET access_version = access_version + 1 WHERE id = ?')
    .bind(changed.user.id)
    .run()
  const otherBody = Buffer.from(
    JSON.stringify({ ...claims, userId: crypto.randomUUID() }),
  ).toString('base64url')

  const invalid = async (
    name: string,
    token: string | Promise<string>,
  ): Promise<BadCredential> => ({
    name,
    headers: bearer(await token),
    code: 'auth.invalid',
  })
  return [
    { name: 'no token', headers: {}, code: 'auth.missing' },
    { name: 'the token as a cookie', headers: { cookie: `token=${real}` }, code: 'auth.missing' },
    { name: 'the token in X-Api-Key', headers: { 'x-api-key': real }, code: 'auth.missing' },
    { name: 'an empty header', headers: { authorization: '' }, code: 'auth.malformed' },
    { name: 'no scheme', headers: { authorization: real }, code: 'auth.malformed' },
    { name: 'Basic', headers: { authorization: `Basic ${real}` }, code: 'auth.malformed' },
    { name: 'two tokens', headers: bearer(`${real} ${real}`), code: 'auth.malformed' },
    await invalid('rubbish', 'rubbish'),
    await invalid('three parts of rubbish', 'a.b.c'),
    await invalid('a cut signature', real.slice(0, -2)),
    await invalid('no signature', `${head}.${body}.`),
    await invalid('another’s claims under the signature', `${head}.${otherBody}.${signature}`),
    await invalid('alg none', new UnsecuredJWT(claims).setExpirationTime('1h').encode()),
    await invalid('alg none in capitals', nameAlgorithm('None', body, '')),
    await invalid(
      'another algorithm',
      sign(claims, { algorithm: 'HS512', secret: settings.JWT_SECRET.repeat(2) }),
    ),
    await invalid(
      'another key',
      sign(claims, { secret: 'a secret of somebody else, long enough' }),
    ),
    await invalid('the key of media URLs', sign(claims, { secret: settings.MEDIA_URL_SECRET })),
    await invalid(
      'the inference service’s key',
      sign(claims, { secret: settings.INFERENCE_SECRET }),
    ),
    await invalid('the inference service’s token', signForInference(settings.INFERENCE_SECRET)),
    await invalid(
      'an inference token under the key of users',
      signForInference(settings.JWT_SECRET, claims),
    ),
    await invalid('another audience', sign(claims, { audience: 'inference' })),
    await invalid('no audience', sign(claims, { audience: null })),
    await invalid('another type', sign(claims, { type: 'JWT' })),
    await invalid('expired', sign(claims, { expiresInSeconds: -1, issuedInSeconds: -hourSeconds })),
    await invalid('no expiry', sign(claims, { expiresInSeconds: null })),
    await invalid('no user', sign({ email: user.email, accessVersion: 1 })),
    await invalid('a version that is no number', sign({ ...claims, accessVersion: '1' })),
    await invalid('a version to come', sign({ ...claims, accessVersion: user.accessVersion + 1 })),
    await invalid('from before a change of password', changed.token),
    {
      name: 'of a deleted user',
      headers: bearer(deleted.token),
      code: 'auth.user_not_found',
    },
    {
      name: 'of nobody',
      headers: bearer(await sign({ ...claims, userId: crypto.randomUUID() })),
      code: 'auth.user_not_found',
    },
  ]
}

function nameAlgorithm(alg: string, body: string, signature: string): string {
  const head = Buffer.from(JSON.stringify({ alg, typ: 'at+jwt' })).toString('base64url')
  return `${head}.${body}.${signature}`
}

/** As `inference-service/service-call.ts` makes it. */
function signForInference(secret: string, claims: JWTPayload = {}): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer('pa-inpainting')
    .setAudience('inference')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(secret))
}
