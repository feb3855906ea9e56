import { beforeAll, describe, expect, it } from 'vitest'
import { addressOf } from '../access/asking.ts'
import { routes } from '../access/routes.ts'
import { findWrongs } from './judge.ts'
import { listDeclared } from './requests.ts'
import { Stage, send, tellCounts } from './stage.ts'

let stage: Stage

tellCounts()
beforeAll(async () => {
  stage = await Stage.open()
})

const megabyte = 1_000_000
const deepList = (bytes: number) => '['.repeat(bytes / 2) + ']'.repeat(bytes / 2)
const deepObject = (bytes: number) => `${'{"a":'.repeat(bytes / 6)}1${'}'.repeat(bytes / 6)}`

/** Texts of most of a megabyte, and some that pass it, each for the place of one member. */
const large: Readonly<Record<string, string>> = {
  'a list as deep as a megabyte': deepList(900_000),
  'objects as deep as a megabyte': deepObject(900_000),
  'a list as wide as a megabyte': `[${'"a",'.repeat(220_000)}"a"]`,
  'as many members as a megabyte holds': `{${Array.from({ length: 60_000 }, (_, index) => `"k${index}":1`).join(',')}}`,
  'a text as long as a megabyte': JSON.stringify('x'.repeat(900_000)),
  'a number as long as a megabyte': '9'.repeat(900_000),
  'a megabyte of escapes': `"${'\\ud83d'.repeat(150_000)}"`,
  'a megabyte of members of one name': `{${'"a":1,'.repeat(150_000)}"a":1}`,
  'more than a megabyte': JSON.stringify('x'.repeat(megabyte)),
}

const byBody = [...listDeclared()].flatMap(([name, { method, bodyNames }]) => {
  const route = routes[name]
  const names = name === 'POST /api/datasets/data' ? ['datasetName', 'image', 'fps'] : bodyNames
  return names && route ? [{ name, method, route, names }] : []
})

type Case = (typeof byBody)[number]

function sendTo({ name, method, route }: Case, body: BodyInit, more: [string, string][] = []) {
  const user = route.gate === 'administrators' ? stage.administrator : stage.owner
  const path = addressOf(name, route, stage.things).slice(method.length + 1)
  const headers: [string, string][] = [
    ['authorization', `Bearer ${user.accessToken}`],
    ['content-type', 'application/json'],
    ...more,
  ]
  return { path, answered: send({ method, path, headers, body }) }
}

/** Sends what must be refused, and expects that it is, with nothing else wrong and nothing done. */
async function expectRefused(
  to: Case,
  body: BodyInit,
  options: { more?: [string, string][] } = {},
) {
  const { path, answered } = sendTo(to, body, options.more)
  const answer = await answered
  const sent = {
    method: to.method,
    path,
    headers: [],
    body: typeof body === 'string' ? body : null,
  }
  expect(findWrongs(answer, sent)).toEqual([])
  expect(answer.status, answer.text).toBeGreaterThanOrEqual(400)
  expect(answer.text.length).toBeLessThan(5_000)
  return JSON.parse(answer.text)
}

describe.each(byBody)('$name', (to) => {
  it('takes or refuses a megabyte of anything, in time and in few words', async () => {
    for (const [what, value] of Object.entries(large)) {
      const members = what.includes('deep')
        ? [to.names.at(-1) ?? '', '__proto__']
        : [to.names.at(-1) ?? '']
      for (const member of members) {
        const right = { ...(to.route.json?.(stage.things) as object), [member]: '~' }
        const json = JSON.stringify(right)
        const body =
          member === '__proto__' ? `{"__proto__":${value}}` : json.replace('"~"', () => value)
        const { path, answered } = sendTo(to, body)
        const answer = await answered
        expect(findWrongs(answer, { method: to.method, path, headers: [], body }), what).toEqual([])
        expect(answer.text.length, what).toBeLessThan(20_000)
      }
    }
    stage.hasChanged()
  })

  it.each([
    ['at once', ''],
    ['in the middle', '{"name":"a'],
    ['at the last byte', '{"name":"a","email":"a@example.com","tags":[]'],
  ])('refuses a body that breaks off %s, and nothing is done', async (_, text) => {
    await stage.isAsItWas()
    const broken = () =>
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
        pull: (controller) => controller.error(new Error('Network connection lost.')),
      })
    const refused = await expectRefused(to, broken())
    expect(refused.code).toBe('request.broken_off')
    const keyed = await expectRefused(to, broken(), { more: [['idempotency-key', 'a-key']] })
    expect(keyed.code).toBe('request.broken_off')
    expect(await stage.isAsItWas()).toBe(true)
  })
})
