import { describe, expect, it } from 'vitest'
import { logIn } from '../../src/users/log-in.ts'
import { createPasswordHasher } from '../../src/users/passwords.ts'
import { findUserById } from '../../src/users/users.repository.ts'
import { createPerson, quickHasher, refusal } from '../support/people.ts'
import { ask, services } from '../support/world.ts'

const login = (json?: unknown) => ask('POST', '/api/users/login', { json })
const here = { address: '192.0.2.1', accessToken: null }
const failed = 'User login failed. Please check your credentials.'
const required = 'Email and password are required and cannot be empty or contain only spaces'
const emailRule =
  'Email format is invalid. Please provide a valid email address with a proper domain'

/** A weak hasher that counts what it is asked. */
function createCountingHasher() {
  const calls = { derivations: 0 }
  const hasher = {
    ...quickHasher,
    hash: (password: string) => {
      calls.derivations += 1
      return quickHasher.hash(password)
    },
    verify: (password: string, phc: string | undefined) => {
      calls.derivations += 1
      return quickHasher.verify(password, phc)
    },
  }
  return { calls, services: { ...services, passwords: hasher } }
}

describe('logging in', () => {
  it('gives an access token that opens the profile', async () => {
    const { user, password } = await createPerson()
    const { status, body } = await login({ email: user.email, password })
    expect(status).toBe(200)
    expect(body).toEqual({
      success: true,
      message: 'Login successful',
      data: {
        token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        user: { id: user.id, name: user.name, email: user.email },
      },
    })
    const profile = await ask('GET', '/api/users/profile', { token: body.data.token })
    expect(profile.body.data.id).toBe(user.id)
  })

  it('does not mind the case of the address or spaces around it', async () => {
    const { user, password } = await createPerson()
    const { status } = await login({ email: ` ${user.email.toUpperCase()} `, password })
    expect(status).toBe(200)
  })

  it('stores a stronger hash when today’s are stronger than the stored one', async () => {
    const { user, password } = await createPerson()
    const passwords = createPasswordHasher({ memoryKib: 128, passes: 2, lanes: 1 })
    await logIn({ ...services, passwords }, { email: user.email, password }, here)
    const stored = await findUserById(services.database, user.id)
    expect(stored?.passwordHash).toMatch(/m=128,t=2/)
    expect(stored?.accessVersion).toBe(user.accessVersion)
    await logIn({ ...services, passwords }, { email: user.email, password }, here)
    expect((await findUserById(services.database, user.id))?.passwordHash).toBe(
      stored?.passwordHash,
    )
  })

  it('stores nothing when the password was wrong', async () => {
    const { user } = await createPerson()
    const passwords = createPasswordHasher({ memoryKib: 128, passes: 2, lanes: 1 })
    const wrong = logIn(
      { ...services, passwords },
      { email: user.email, password: 'wrong-pass' },
      here,
    )
    await expect(wrong).rejects.toThrow(failed)
    expect((await findUserById(services.database, user.id))?.passwordHash).toBe(user.passwordHash)
  })
})

describe('a login is refused', () => {
  it('the same for a wrong password as for an unknown address', async () => {
    const { user } = await createPerson()
    const wrong = await login({ email: user.email, password: 'wrong-pass' })
    const unknown = await login({ email: `nobody-${user.email}`, password: 'wrong-pass' })
    expect(wrong.status).toBe(401)
    expect(wrong.body).toEqual(refusal(failed))
    expect([unknown.status, unknown.body]).toEqual([wrong.status, wrong.body])
  })

  it('after as much work for an unknown address as for a wrong password', async () => {
    const { user } = await createPerson()
    const wrong = createCountingHasher()
    const unknown = createCountingHasher()
    const password = 'wrong-pass'
    await expect(logIn(wrong.services, { email: user.email, password }, here)).rejects.toThrow(
      failed,
    )
    await expect(
      logIn(unknown.services, { email: `nobody-${user.email}`, password }, here),
    ).rejects.toThrow(failed)
    expect([wrong.calls.derivations, unknown.calls.derivations]).toEqual([1, 1])
  })

  it('when the password has another case', async () => {
    const { user, password } = await createPerson()
    const { status } = await login({ email: user.email, password: password.toUpperCase() })
    expect(status).toBe(401)
  })

  it('to a deleted user', async () => {
    const { user, password } = await createPerson({ deletedAt: 1 })
    const { status, body } = await login({ email: user.email, password })
    expect(status).toBe(401)
    expect(body).toEqual(refusal(failed))
  })

  it.each<[string, unknown]>([
    ['there is no body', undefined],
    ['the password is missing', { email: 'mario@example.com' }],
    ['the address is missing', { password: 'Passw0rd!' }],
    ['the address is blank', { email: '  ', password: 'Passw0rd!' }],
    ['the password is blank', { email: 'mario@example.com', password: '  ' }],
    ['the password is no text', { email: 'mario@example.com', password: 12_345_678 }],
  ])('when %s', async (_, json) => {
    const { status, body } = await login(json)
    expect(status).toBe(400)
    expect(body).toEqual(refusal(required))
  })

  it.each([['zzz'], ['a@b'], ['a b@example.com'], ["' OR 1=1 --@example.com"]])(
    'when the address is %j',
    async (email) => {
      const { status, body } = await login({ email, password: 'x' })
      expect(status).toBe(400)
      expect(body).toEqual(refusal(emailRule))
    },
  )

  it('when the JSON is cut off', async () => {
    const { status, body } = await login('{"email":')
    expect(status).toBe(400)
    expect(body.code).toBe('request.malformed_json')
  })
})
