import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { insertDataset } from '../../src/datasets/datasets.repository.ts'
import { deleteUser } from '../../src/users/delete-user.ts'
import { findUserById } from '../../src/users/users.repository.ts'
import {
  createAdministrator,
  createPerson,
  type Person,
  refusal,
  silentLogger,
} from '../support/people.ts'
import { ask, services } from '../support/world.ts'

const remove = ({ user, token }: Person) => ask('DELETE', `/api/users/${user.id}`, { token })
const profile = (token: string) => ask('GET', '/api/users/profile', { token })
const login = (email: string, password: string) =>
  ask('POST', '/api/users/login', { json: { email, password } })

async function addDataset({ user }: Person, name: string): Promise<string> {
  const id = crypto.randomUUID()
  const { database, createId, clock } = services
  await insertDataset(database, {
    id,
    userId: user.id,
    name,
    tags: [],
    createId,
    nowMs: clock.nowMs(),
  })
  return id
}

describe('deleting one’s account', () => {
  it('marks the live datasets deleted, keeps them as orphans, and counts them', async () => {
    const person = await createPerson()
    const live = [await addDataset(person, 'one'), await addDataset(person, 'two')]
    const dead = await addDataset(person, 'three')
    await env.DB.prepare('UPDATE datasets SET deleted_at = 1 WHERE id = ?').bind(dead).run()
    const foreign = await addDataset(await createPerson(), 'one')

    const { status, body } = await remove(person)
    expect(status).toBe(200)
    expect(body).toEqual({
      success: true,
      message:
        'User deleted successfully. 2 associated datasets have been marked as deleted but preserved in the database.',
    })
    const { results } = await env.DB.prepare(
      'SELECT id, deleted_at IS NULL AS live FROM datasets',
    ).all<{ id: string; live: number }>()
    const stateOf = (id: string) => results.find((row) => row.id === id)
    for (const id of live) expect(stateOf(id)).toMatchObject({ live: 0 })
    expect(stateOf(foreign)).toMatchObject({ live: 1 })
  })

  it('ends the access tokens and the login', async () => {
    const person = await createPerson()
    await remove(person)
    const answer = await profile(person.token)
    expect(answer.status).toBe(401)
    expect(answer.body).toEqual(refusal('Invalid token - user not found'))
    expect((await login(person.user.email, person.password)).status).toBe(401)
    expect((await remove(person)).status).toBe(401)
  })

  it('frees the address for a new user, to whom nothing of the old one belongs', async () => {
    const person = await createPerson()
    await addDataset(person, 'mine')
    await remove(person)
    const again = await createPerson({ email: person.user.email })
    const { body } = await ask('GET', '/api/datasets/', { token: again.token })
    expect(body.data).toEqual([])
    expect((await profile(person.token)).status).toBe(401)
  })

  it('closes the token account, so that nothing more is credited to it', async () => {
    const person = await createPerson()
    await remove(person)
    const credit = await services.ledger.credit(person.user.id, {
      operationId: 'too late',
      amount: await services.ledger.balance(person.user.id),
      description: 'Too late',
    })
    expect(credit).toMatchObject({ ok: false, code: 'account.closed' })
  })

  it('holds even when the token account cannot be reached', async () => {
    const person = await createPerson()
    const close = () => Promise.reject(new Error('The object is not there.'))
    const ledger = { ...services.ledger, close }
    await deleteUser({ ...services, ledger, logger: silentLogger }, { userId: person.user.id })
    expect((await profile(person.token)).status).toBe(401)
  })

  it('twice at once counts the datasets once', async () => {
    const person = await createPerson()
    await addDataset(person, 'one')
    const counts = await Promise.all([
      deleteUser(services, { userId: person.user.id }),
      deleteUser(services, { userId: person.user.id }),
    ])
    expect(counts.map(({ datasetCount }) => datasetCount).sort()).toEqual([0, 1])
    expect((await findUserById(services.database, person.user.id))?.accessVersion).toBe(2)
  })

  it('is refused for another user’s id, even to an administrator', async () => {
    const other = await createPerson()
    const { token } = await createAdministrator()
    const { status, body } = await ask('DELETE', `/api/users/${other.user.id}`, { token })
    expect(status).toBe(403)
    expect(body).toEqual(refusal('Access denied'))
    expect((await profile(other.token)).status).toBe(200)
  })

  it('is refused for what is no id', async () => {
    const { token } = await createPerson()
    const { status, body } = await ask('DELETE', '/api/users/xyz', { token })
    expect(status).toBe(400)
    expect(body).toEqual(refusal('Invalid userId format'))
  })
})
