import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { app, services } from '../support/world.ts'
import type { Things } from './people.ts'
import type { RouteCase } from './routes.ts'

export interface Seen {
  readonly asked: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Every answer of the file's tests, and every line that was logged meanwhile. */
export const seen: Seen[] = []
export const logged: string[] = []

/** Begins to keep what a file's tests see and log; each file calls it once. */
export function keepWhatIsSeen(): void {
  beforeAll(() => {
    seen.length = 0
    logged.length = 0
    for (const level of ['debug', 'log', 'info', 'warn', 'error'] as const) {
      vi.spyOn(console, level).mockImplementation((...words: unknown[]) => {
        logged.push(words.map(String).join(' '))
      })
    }
  })
  afterAll(() => {
    vi.restoreAllMocks()
  })
}

/** Asks the real app and keeps the answer. */
export async function askAndKeep(
  asked: string,
  init: { headers?: Readonly<Record<string, string>>; json?: unknown } = {},
): Promise<Seen> {
  const [method = '', path = ''] = asked.split(' ')
  const answer = await app.request(
    path,
    {
      method,
      headers: { ...init.headers },
      ...(init.json !== undefined && { body: JSON.stringify(init.json) }),
    },
    env,
  )
  const one = {
    asked,
    status: answer.status,
    headers: answer.headers,
    text: Buffer.from(await answer.arrayBuffer()).toString('latin1'),
  }
  seen.push(one)
  return one
}

/** A route's address with these things in the place of its parameters. */
export function addressOf(name: string, { names = {} }: RouteCase, things: Things): string {
  return name.replace(/\{(\w+)\}/g, (_, parameter: string) => {
    const thing = names[parameter]
    if (thing === undefined) throw new Error(`${name}: say what {${parameter}} names.`)
    return encodeURIComponent(things[thing])
  })
}

/** What no answer and no line of a log may hold. */
export function findSecrets(text: string): string[] {
  const { settings } = services
  const secrets = {
    JWT_SECRET: settings.JWT_SECRET,
    JWT_SECRET_PREVIOUS: settings.JWT_SECRET_PREVIOUS,
    MEDIA_URL_SECRET: settings.MEDIA_URL_SECRET,
    INFERENCE_SECRET: settings.INFERENCE_SECRET,
    S3_SECRET_ACCESS_KEY: settings.S3_SECRET_ACCESS_KEY,
    INFERENCE_BASE_URL: settings.INFERENCE_BASE_URL,
    'the inference service’s host': new URL(settings.INFERENCE_BASE_URL).host,
  }
  const found = Object.entries(secrets)
    .filter(([, value]) => value !== undefined && text.includes(value))
    .map(([name]) => name)
  if (/argon2/i.test(text)) found.push('a hash')
  if (/Bearer [\w-]{8,}/i.test(text)) found.push('a bearer token')
  if (/passw(or)?d0/i.test(text)) found.push('a password')
  return found
}

export function expectNoSecrets(): void {
  const inAnswers = seen.flatMap(({ asked, text, headers }) =>
    findSecrets(`${text}\n${JSON.stringify([...headers])}`).map((found) => `${asked}: ${found}`),
  )
  expect(inAnswers).toEqual([])
  const stackFrame = /\n\s+at .+:\d+:\d+|node_modules|\bsrc\/[\w/-]+\.ts\b|D1_ERROR|SQLITE_/
  expect(seen.filter(({ text }) => stackFrame.test(text)).map(({ asked }) => asked)).toEqual([])
  expect(logged.flatMap((line) => findSecrets(line).map((found) => `${found}: ${line}`))).toEqual(
    [],
  )
  expect(logged.filter((line) => /eyJ[\w-]+\.[\w-]+\.[\w-]+/.test(line))).toEqual([])
}
