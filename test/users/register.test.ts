import { describe, expect, it } from 'vitest'
import { registerUser } from '../../src/users/register-user.ts'
import { findLiveUserByEmail, findUserById } from '../../src/users/users.repository.ts'
import { createPerson, createRegistration, quickHasher, refusal } from '../support/people.ts'
import { ask, services } from '../support/world.ts'

const register = (json: unknown) => ask('POST', '/api/users/user', { json })

const nameRule = (label: string) =>
  `${label} must contain at least one letter and can only include letters, spaces, hyphens, or apostrophes`
const emailRule =
  'Email format is invalid. Please provide a valid email address with a proper domain'
const passwordRule =
  'Password must be at least 8 characters long and cannot be empty or contain only spaces'
const taken =
  'An account with this email address already exists. Please use a different email or try logging in.'

describe('registering', () => {
  it('gives a user with 100 tokens in their account', async () => {
    const registration = createRegistration()
    const { status, body } = await register(registration)
    expect(status).toBe(201)
    const { password: _, ...person } = registration
    expect(body).toEqual({
      success: true,
      message: 'User created successfully',
      data: { id: expect.any(String), ...person, tokens: 100, role: 'user' },
    })
    expect(await services.ledger.balance(body.data.id)).toBe(100_000)
  })

  it('takes neither a role nor tokens nor an id from the request', async () => {
    const { status, body } = await register(
      createRegistration({
        role: 'admin',
        tokens: 99_999,
        id: crypto.randomUUID(),
        accessVersion: 9,
        deletedAt: 1,
      }),
    )
    expect(status).toBe(201)
    expect(body.data).toMatchObject({ role: 'user', tokens: 100 })
    const row = await findUserById(services.database, body.data.id)
    expect(row).toMatchObject({ role: 'user', accessVersion: 1, deletedAt: null })
    expect(await services.ledger.balance(body.data.id)).toBe(100_000)
  })

  it('keeps the password as a hash alone', async () => {
    const registration = createRegistration()
    await register(registration)
    const row = await findLiveUserByEmail(services.database, registration.email)
    expect(row?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=12288,t=3,p=1\$/)
    expect(JSON.stringify(row)).not.toContain(registration.password)
  })

  it.each([
    ['Niccolò'],
    ['Łukasz'],
    ['Αλέξανδρος'],
    ["D'Angelo"],
    ['De l’Hôpital'],
    ['Anna-Maria'],
  ])('takes the name %s', async (surname) => {
    const registration = createRegistration({ surname: `  ${surname} ` })
    const { user } = await registerUser(
      { ...services, passwords: quickHasher },
      { ...registration, surname },
    )
    expect(user.surname).toBe(surname)
  })
})

describe('a registration is refused', () => {
  it('with every missing field in one sentence', async () => {
    const { status, body } = await register({ name: 'Mario' })
    expect(status).toBe(400)
    expect(body.message).toBe(
      'The following fields are required and cannot be empty or contain only spaces: surname, email, password',
    )
  })

  it.each<[string, unknown]>([
    ['no body', undefined],
    ['an empty object', {}],
    ['blank fields', { name: ' ', surname: '', email: '\t', password: '         ' }],
    ['nulls', { name: null, surname: null, email: null, password: null }],
  ])('for %s, naming all four fields', async (_, json) => {
    const { status, body } = await register(json)
    expect(status).toBe(400)
    expect(body.message).toBe(
      'The following fields are required and cannot be empty or contain only spaces: name, surname, email, password',
    )
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['a digit in the name', { name: 'M4rio' }, nameRule('Name')],
    ['a name without a letter', { name: "-'-" }, nameRule('Name')],
    ['markup in the surname', { surname: '<b>Rossi</b>' }, nameRule('Surname')],
    ['a line break in the name', { name: 'Mario\nRossi' }, nameRule('Name')],
    ['a name that is an object', { name: { a: 1 } }, nameRule('Name')],
    ['a surname that is a list', { surname: ['x'] }, nameRule('Surname')],
    [
      'a name of 101 letters',
      { name: 'a'.repeat(101) },
      'Name must be at most 100 characters long',
    ],
    ['an address without a domain', { email: 'nope' }, emailRule],
    ['an address with angle brackets', { email: 'a<b>c@ex.com' }, emailRule],
    ['an address that is an object', { email: { $ne: 1 } }, emailRule],
    ['two addresses', { email: 'a@ex.com,b@ex.com' }, emailRule],
    ['a domain of one label', { email: 'mario@localhost' }, emailRule],
    ['a domain that ends in a hyphen', { email: 'mario@ex-.com' }, emailRule],
    ['two dots in a row', { email: 'ma..rio@ex.com' }, emailRule],
    [
      'an address of 256 characters',
      { email: `a@${'b.'.repeat(125)}comm` },
      'Email must be at most 255 characters long',
    ],
    ['a short password', { password: 'short' }, passwordRule],
    ['a password of spaces', { password: ' '.repeat(12), name: '' }, ''],
    ['a password that is a number', { password: 12_345_678 }, passwordRule],
    [
      'a password beyond 128 characters',
      { password: 'x'.repeat(129) },
      'Password must be at most 128 characters long',
    ],
  ])('for %s', async (_, changes, message) => {
    const { status, body } = await register(createRegistration(changes))
    expect(status).toBe(400)
    if (message !== '') expect(body).toEqual(refusal(message))
    else expect(body.message).toMatch(/: name, password$/)
  })

  it('when nothing in it is text, beginning with the name', async () => {
    const { body } = await register({
      name: { a: 1 },
      surname: ['x'],
      email: { $ne: 1 },
      password: 12_345_678,
    })
    expect(body).toEqual(refusal(nameRule('Name')))
  })

  it.each(['[]', '"text"', 'null', '7'])('when its JSON is %s', async (json) => {
    expect((await register(json)).status).toBe(400)
  })

  it('when its JSON is cut off', async () => {
    const { status, body } = await register('{"email":')
    expect(status).toBe(400)
    expect(body.code).toBe('request.malformed_json')
  })

  it('when somebody has the address, in whatever case', async () => {
    const { user } = await createPerson()
    const { status, body } = await register(createRegistration({ email: user.email.toUpperCase() }))
    expect(status).toBe(400)
    expect(body).toEqual(refusal(taken))
  })

  it('without hashing anything when somebody has the address', async () => {
    const { user } = await createPerson()
    let hashes = 0
    const passwords = { ...quickHasher, hash: () => `hash ${++hashes}` }
    const registration = createRegistration({ email: user.email })
    await expect(registerUser({ ...services, passwords }, registration)).rejects.toThrow(taken)
    expect(hashes).toBe(0)
  })
})

describe('sixteen people who register one address at once', () => {
  it('in different case are one user and fifteen refusals', async () => {
    const email = createRegistration().email
    const spell = (n: number) =>
      [...email].map((letter, i) => ((n >> (i % 4)) & 1 ? letter.toUpperCase() : letter)).join('')
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, n) => register(createRegistration({ email: spell(n) }))),
    )
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(15).fill(400)])
    const refused = answers.filter((answer) => answer.status === 400)
    expect(refused.every((answer) => answer.body.message === taken)).toBe(true)
  }, 30_000)
})
