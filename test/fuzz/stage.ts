import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, inject, vi } from 'vitest'
import { createOwner, photographWorld, type Things } from '../access/people.ts'
import { createHeldApp } from '../support/held-app.ts'
import { catalogueOf } from '../support/models.ts'
import { createUser, services, type TestUser } from '../support/world.ts'
import { type Answered, answerMsMax, findWrongs } from './judge.ts'
import type { Sent } from './requests.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where chance begins, and how many requests each property tries of those that it tries in `npm test`. */
    readonly fuzz: { readonly seed: number; readonly times: number }
  }
}

const { seed, times } = inject('fuzz')

/** How often a property is tried, and from which seed: a failing run names the seed and its path to be tried again. */
export const tries = (count: number) => ({
  seed,
  numRuns: Math.ceil(count * times),
  endOnFailure: false,
})

/** The app as it is, with messages that stay here and a service that tells its models: its queues and network are away. */
const held = {
  ...services,
  models: catalogueOf(),
  sendTasks: async () => undefined,
  sendUploads: async () => undefined,
}
const app = createHeldApp(() => held)

/** How many requests the file has sent, and how many were answered with each status. */
export const counts = { sent: 0, byStatus: new Map<number, number>() }

/** Keeps the console for the file's own words, and tells at its end how much was sent. */
export function tellCounts(): void {
  beforeAll(() => {
    for (const level of ['info', 'warn', 'error'] as const) {
      vi.spyOn(console, level).mockImplementation(() => undefined)
    }
  })
  afterAll(() => {
    const statuses = [...counts.byStatus].sort(([a], [b]) => a - b)
    console.log(
      JSON.stringify({ fuzz: { seed, sent: counts.sent, byStatus: Object.fromEntries(statuses) } }),
    )
    counts.sent = 0
    counts.byStatus.clear()
  })
}

type Body = BodyInit | null

/** Sends it and reads the answer to its end; an answer that does not come fails. */
export async function send({
  method,
  path,
  headers,
  body,
}: Omit<Sent, 'body'> & { body: Body }): Promise<Answered> {
  const startedMs = performance.now()
  const lateness = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => lateness.reject(new Error(`no answer in ${answerMsMax} ms`)),
    answerMsMax,
  )
  const ask = async () => {
    const init = {
      method,
      headers: new Headers(headers.map(([name, value]) => [name, value])),
      body,
    }
    const answer = await app.request(`http://localhost${path}`, init, env)
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  }
  try {
    const answered = await Promise.race([ask(), lateness.promise])
    counts.sent += 1
    counts.byStatus.set(answered.status, (counts.byStatus.get(answered.status) ?? 0) + 1)
    return { ...answered, ms: performance.now() - startedMs }
  } finally {
    clearTimeout(timer)
  }
}

/** Somebody with one of everything, and the means to see whether anything has changed. */
export class Stage {
  #photo: string | null = null

  private constructor(
    readonly owner: TestUser,
    readonly things: Things,
    readonly administrator: TestUser,
  ) {}

  static async open(): Promise<Stage> {
    const { owner, things } = await createOwner()
    return new Stage(owner, things, await createUser({ role: 'admin', tokens: 1000 }))
  }

  /** Forgets how the world was: something was done on purpose. */
  hasChanged(): void {
    this.#photo = null
  }

  /** What must not be so about the answer, or about the world after it. */
  async findWrongs(sent: Sent): Promise<string[]> {
    if (sent.method === 'GET') return findWrongs(await send(sent), sent)
    await this.#look()
    const answered = await send(sent)
    const wrongs = findWrongs(answered, sent)
    if (answered.status < 400) this.hasChanged()
    else if (!(await this.isAsItWas())) {
      wrongs.push(`${answered.status} changed the world: ${answered.text}`)
    }
    return wrongs
  }

  /** Whether nothing has changed since the last time that something was done on purpose, or that it was asked. */
  async isAsItWas(): Promise<boolean> {
    const before = await this.#look()
    this.#photo = await this.#photograph()
    return this.#photo === before
  }

  async #look(): Promise<string> {
    if (this.#photo !== null) return this.#photo
    // What was begun by an earlier request comes to its end first.
    for (let last = ''; ; await scheduler.wait(10)) {
      const now = await this.#photograph()
      if (now === last) break
      last = now
    }
    this.#photo = await this.#photograph()
    return this.#photo
  }

  async #photograph(): Promise<string> {
    const people = [this.owner, this.administrator]
    await Promise.all(people.map(({ id }) => services.ledger.flush(id)))
    return photographWorld(people)
  }
}
