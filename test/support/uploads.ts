import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { createPng } from '../media/fixtures/png.ts'
import { balanceOf, createUser, request, type TestUser } from './world.ts'

export const grey = (value: number, width = 16, height = 16) =>
  createPng({ width, height, colourType: 0, pixel: () => [value] })
export const picture = createPng({
  width: 16,
  height: 16,
  colourType: 2,
  pixel: (x, y) => [x * 9, y * 9, 77],
})
export const mask = createPng({
  width: 16,
  height: 16,
  colourType: 0,
  pixel: (x) => [x < 4 ? 255 : 0],
})

/** An upload's form; bytes alone get the name of their field. */
export function createForm(
  parts: Record<string, string | Uint8Array | [Uint8Array, string] | null>,
): FormData {
  const body = new FormData()
  for (const [name, part] of Object.entries(parts)) {
    if (typeof part === 'string') body.append(name, part)
    else if (part instanceof Uint8Array) body.append(name, new File([part], `${name}.png`))
    else if (part) body.append(name, new File([part[0]], part[1]))
  }
  return body
}

/** A user with the empty dataset `photos`. */
export async function createUploader(options: { tokens?: number } = {}): Promise<TestUser> {
  const user = await createUser(options)
  await request(user, 'POST', '/api/datasets', { json: { name: 'photos' } })
  return user
}

export function upload(user: TestUser | null, parts: Parameters<typeof createForm>[0]) {
  const body = createForm({ datasetName: 'photos', ...parts })
  return request(user, 'POST', '/api/datasets/data', { body })
}

export async function listItems(user: TestUser, query = '') {
  return (await request(user, 'GET', `/api/datasets/photos/data${query}`)).body.data
}

export async function listStored(user: TestUser): Promise<R2Object[]> {
  return (await env.MEDIA.list({ prefix: `datasets/${user.id}/` })).objects
}

/** Nothing was charged, stored or added. */
export async function expectUntouched(user: TestUser, balance = 100): Promise<void> {
  expect(await balanceOf(user)).toBe(balance)
  expect(await listStored(user)).toEqual([])
  expect((await listItems(user)).totalItems).toBe(0)
}
