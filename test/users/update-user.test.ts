import { describe, expect, it } from 'vitest'
import { findUserById } from '../../src/users/users.repository.ts'
import {
  createAdministrator,
  createPerson,
  createRegistration,
  type Person,
  refusal,
} from '../support/people.ts'
import { ask, services } from '../support/world.ts'

const put = ({ user, token }: Person, json?: unknown) =>
  ask('PUT', `/api/users/${user.id}`, { token, json })
const profile = (token: string) => ask('GET', '/api/users/profile', { token })
const login = (email: string, password: string) =>
  ask('POST', '/api/users/login', { json: { email, password } })

describe('the balance', () => {
  it('is the user’s own', async () => {
    const { token } = await createPerson({ tokens: 42.5 })
    const { status, body } = await ask('GET', '/api/users/tokens', { token })
    expect(status).toBe(200)
    expect(body.data.balance).toBe(42.5)
  })

  it('is told to nobody without an access token', async () => {
    const { status, body } = await ask('GET', '/api/users/tokens')
    expect(status).toBe(401)
    expect(body).toEqual(refusal('Access token required'))
  })
})

describe('an update', () => {
  it('changes what it names and leaves the rest', async () => {
    const person = await createPerson()
    const { status, body } = await put(person, { name: 'Luigi' })
    expect(status).toBe(200)
    const { id, surname, email } = person.user
    expect(body).toEqual({
      success: true,
      message: 'User updated successfully',
      data: { id, name: 'Luigi', surname, email },
    })
    expect((await profile(person.token)).body.data.name).toBe('Luigi')
  })

  it.each<[string, unknown]>([
    ['that is empty', {}],
    ['without a body', undefined],
    ['of a blank password', { password: '   ' }],
    ['of blanks and nulls', { name: '', surname: null, email: ' ', password: null }],
    ['of fields that are not for users to set', { role: 'admin', tokens: 5, accessVersion: 7 }],
  ])('%s changes nothing', async (_, json) => {
    const person = await createPerson()
    const { status, body } = await put(person, json)
    expect(status).toBe(200)
    const { id, name, surname, email } = person.user
    expect(body.data).toEqual({ id, name, surname, email })
    expect(await findUserById(services.database, id)).toEqual(person.user)
  })

  it('of the address moves the login to it', async () => {
    const person = await createPerson()
    const { email } = createRegistration()
    expect((await put(person, { email })).body.data.email).toBe(email)
    expect((await login(email, person.password)).status).toBe(200)
    expect((await login(person.user.email, person.password)).status).toBe(401)
  })

  it('may change the case of one’s own address', async () => {
    const person = await createPerson()
    const email = person.user.email.toUpperCase()
    expect((await put(person, { email })).body.data.email).toBe(email)
  })

  it('of the password ends every earlier access token and brings a new one', async () => {
    const person = await createPerson()
    const other = (await login(person.user.email, person.password)).body.data.token
    const { status, body } = await put(person, { password: 'another Passw0rd!' })
    expect(status).toBe(200)
    for (const token of [person.token, other]) {
      const refused = await profile(token)
      expect(refused.status).toBe(401)
      expect(refused.body).toEqual(refusal('Invalid or expired token'))
    }
    expect((await profile(body.data.token)).status).toBe(200)
    expect((await login(person.user.email, person.password)).status).toBe(401)
    expect((await login(person.user.email, 'another Passw0rd!')).status).toBe(200)
  })

  it('of the password by two at once lets one of them in', async () => {
    const person = await createPerson()
    const answers = await Promise.all([
      put(person, { password: 'first Passw0rd!' }),
      put(person, { password: 'second Passw0rd!' }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
    expect((await findUserById(services.database, person.user.id))?.accessVersion).toBe(2)
  })
})

describe('an update is refused', () => {
  it('for another user’s id, even to an administrator and whatever else it says', async () => {
    const other = await createPerson()
    for (const person of [await createPerson(), await createAdministrator()]) {
      for (const json of [{ name: 'Luigi' }, { name: 7 }]) {
        const answer = await ask('PUT', `/api/users/${other.user.id}`, {
          token: person.token,
          json,
        })
        expect(answer.status).toBe(403)
        expect(answer.body).toEqual(refusal('Access denied'))
      }
    }
    expect(await findUserById(services.database, other.user.id)).toEqual(other.user)
  })

  it.each(['xyz', '1', '%00', "'%20OR%201=1"])('for the id %s', async (id) => {
    const { token } = await createPerson()
    const { status, body } = await ask('PUT', `/api/users/${id}`, { token, json: {} })
    expect(status).toBe(400)
    expect(body).toEqual(refusal('Invalid userId format'))
  })

  it('when somebody has the address, in whatever case', async () => {
    const other = await createPerson()
    const person = await createPerson()
    const { status, body } = await put(person, { email: other.user.email.toUpperCase() })
    expect(status).toBe(400)
    expect(body).toEqual(refusal('Email already in use by another account'))
  })

  it('to all but one of those who want one address at once', async () => {
    const { email } = createRegistration()
    const people = await Promise.all(Array.from({ length: 8 }, () => createPerson()))
    const answers = await Promise.all(people.map((person) => put(person, { email })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(400)])
  })

  it.each<[string, unknown]>([
    ['a digit in the name', { name: 'M4rio' }],
    ['a name that is no text', { name: 5 }],
    ['a surname beyond 100 letters', { surname: 'a'.repeat(101) }],
    ['a wrong address', { email: 'nope' }],
    ['a short password', { password: 'short' }],
    ['a list', []],
  ])('for %s, and changes nothing', async (_, json) => {
    const person = await createPerson()
    expect((await put(person, json)).status).toBe(400)
    expect(await findUserById(services.database, person.user.id)).toEqual(person.user)
  })

  it('without an access token', async () => {
    const { user } = await createPerson()
    const { status } = await ask('PUT', `/api/users/${user.id}`, { json: { name: 'Luigi' } })
    expect(status).toBe(401)
  })
})
