import { createArchive } from '../media/archives/archive-builder.ts'
import { createClip } from '../support/frames-service.ts'
import { createForm, grey, mask, picture } from '../support/uploads.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** What a person wanted once, however often it was asked for. */
export interface Wish {
  readonly kind: 'upload' | 'inference' | 'recharge' | 'dataset'
  /** Thousandths of a token, where it is a recharge. */
  readonly amount: number
  /** How often it was told to be done, and how often it may have been done at most. */
  told: number
  possible: number
}

export interface Person {
  readonly email: string
  readonly userId: string
  readonly token: string
  readonly datasets: string[]
  readonly inferences: string[]
  /** Those of which they were told that they are aborted. */
  readonly aborted: string[]
  readonly wishes: Wish[]
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly json?: unknown
  readonly createForm?: () => FormData
  readonly headers?: Record<string, string>
  /** As whom; the person themselves unless given. */
  readonly token?: string
}

interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: a story names the very keys that it expects
  readonly body: any
}

export interface Troubles {
  /** Answers that must never be. */
  readonly wrong: string[]
}

/** How often a client asks again that got no answer, or one of ours that something broke. */
const triesMax = 4
/** By then who held a key and died holds it no more. */
const deadAfterMs = 90_000

/** What a client does: it asks, and asks again under the same key where the answer is missing. */
export function createClient(world: World, troubles: Troubles, administrator: { token: string }) {
  async function askOnce(person: Person, asked: Asked): Promise<Answer | null> {
    const headers = new Headers({
      authorization: `Bearer ${asked.token ?? person.token}`,
      ...asked.headers,
    })
    const init: RequestInit = { method: asked.method, headers }
    if (asked.json !== undefined) {
      headers.set('content-type', 'application/json')
      init.body = JSON.stringify(asked.json)
    }
    if (asked.createForm) init.body = asked.createForm()
    const { actor, ending } = world.request(`${asked.method} ${asked.path}`, asked.path, init)
    const end = await ending
    if (end.kind === 'died') return null
    if (end.kind === 'threw') {
      troubles.wrong.push(`${actor.name} threw ${String(end.error)}`)
      return null
    }
    const { status } = end.result
    if (status >= 500 && actor.faults.length === 0 && world.projectionIsThere) {
      troubles.wrong.push(`${actor.name} answered ${status} and nothing had failed`)
    }
    return end.result
  }

  /** Asks until there is an answer, three times at most; what was asked under one key may have happened once. */
  async function wish(
    person: Person,
    kind: Wish['kind'],
    asked: Asked,
    amount = 0,
  ): Promise<Answer | null> {
    const told: Wish = { kind, amount, told: 0, possible: 0 }
    person.wishes.push(told)
    const headers = { ...asked.headers, 'idempotency-key': world.random.uuid() }
    for (let tries = 1; tries <= triesMax; tries += 1) {
      told.possible = 1
      const answer = await askOnce(person, { ...asked, headers })
      if (answer && answer.status < 300) told.told = answer.status === 202 ? 0 : 1
      // What is refused by the first answer was not done; a later refusal says nothing of the tries before it.
      if (answer && answer.status >= 400 && answer.status < 500 && tries === 1) told.possible = 0
      const isInFlight = answer?.body?.code === 'idempotency.in_flight'
      if (answer && answer.status < 500 && !isInFlight) return answer
      if (isInFlight) await world.stage.pause(deadAfterMs)
    }
    return null
  }

  return { askOnce, wish, administrator }
}

type Client = ReturnType<typeof createClient>
type Action = (client: Client, person: Person, random: Random) => Promise<unknown>

const pair = (number: number) => [
  { name: `photos/${number}.png`, content: picture },
  { name: `photos/${number}_mask.png`, content: mask },
]

function upload(createParts: (random: Random) => Parameters<typeof createForm>[0]): Action {
  return async (client, person, random) => {
    const datasetName = pickOf(person.datasets, random)
    const parts = createParts(random)
    await client.wish(person, 'upload', {
      method: 'POST',
      path: '/api/datasets/data',
      createForm: () => createForm({ datasetName, ...parts }),
      headers: { prefer: 'respond-async' },
    })
  }
}

const pickOf = (values: readonly string[], random: Random) =>
  values[random.below(values.length)] ?? 'none'

const startInference: Action = async (client, person, random) => {
  const answer = await client.wish(person, 'inference', {
    method: 'POST',
    path: '/api/inferences',
    json: { datasetName: pickOf(person.datasets, random), modelId: 'telea' },
  })
  if (answer?.status === 201) person.inferences.push(answer.body.inference.id)
}

const uploadPair = upload(() => ({ image: picture, mask }))

/** Of so many pairs that some inferences over them cost more than a person has. */
export const uploadMuch = upload(() => ({
  image: [createArchive(Array.from({ length: 12 }, (_, index) => pair(index)).flat()), 'pairs.zip'],
}))

/** What people do, and how often beside the rest. */
export const actions: readonly (readonly [weight: number, name: string, act: Action])[] = [
  [6, 'upload a pair', uploadPair],
  [1, 'upload a grey mask', upload(() => ({ image: picture, mask: grey(128) }))],
  [1, 'upload a mask of another size', upload(() => ({ image: picture, mask: grey(255, 8, 8) }))],
  [
    2,
    'upload an archive',
    upload((random) => ({
      image: [
        createArchive(
          Array.from({ length: 1 + random.below(4) }, (_, index) => pair(index)).flat(),
        ),
        'pairs.zip',
      ],
    })),
  ],
  [
    2,
    'upload a video',
    upload((random) => {
      const frames = 1 + random.below(5)
      const damaged = random.chance(0.2) ? [random.below(frames)] : []
      return { image: [createClip({ frames, damaged }), 'clip.mp4'], mask }
    }),
  ],
  [
    2,
    'create a dataset',
    async (client, person, random) => {
      const name = `set ${random.below(3)}`
      if (!person.datasets.includes(name)) person.datasets.push(name)
      await client.wish(person, 'dataset', {
        method: 'POST',
        path: '/api/datasets',
        json: { name },
      })
    },
  ],
  [10, 'start an inference', startInference],
  [
    4,
    'abort an inference',
    async (client, person, random) => {
      const id = pickOf(person.inferences, random)
      const path = `/api/inferences/${id}/abort`
      const answer = await client.askOnce(person, { method: 'POST', path })
      if (answer?.status === 200) person.aborted.push(id)
    },
  ],
  [
    2,
    'look at an inference',
    (client, person, random) =>
      client.askOnce(person, {
        method: 'GET',
        path: `/api/inferences/${pickOf(person.inferences, random)}`,
      }),
  ],
  [
    1,
    'delete results',
    (client, person, random) =>
      client.askOnce(person, {
        method: 'DELETE',
        path: `/api/inferences/${pickOf(person.inferences, random)}/results`,
      }),
  ],
  [
    0.5,
    'delete a dataset',
    (client, person, random) =>
      client.askOnce(person, {
        method: 'DELETE',
        path: `/api/datasets/${encodeURIComponent(pickOf(person.datasets, random))}`,
      }),
  ],
  [
    1,
    'an administrator aborts an inference',
    async (client, person, random) => {
      const id = pickOf(person.inferences, random)
      const path = `/api/admin/inferences/${id}/abort`
      const { token } = client.administrator
      const answer = await client.askOnce(person, { method: 'POST', path, token })
      if (answer?.status === 200) person.aborted.push(id)
    },
  ],
  [
    2,
    'an administrator has failed items tried again',
    async (client, person, random) => {
      const path = `/api/admin/inferences/${pickOf(person.inferences, random)}/retry`
      const { token } = client.administrator
      await client.wish(person, 'inference', { method: 'POST', path, token })
    },
  ],
  [
    0.2,
    'leave',
    (client, person) =>
      client.askOnce(person, { method: 'DELETE', path: `/api/users/${person.userId}` }),
  ],
]
