import { env } from 'cloudflare:workers'
import { findBroken, findWrongBooks } from './invariants.ts'
import { actions, createClient, type Person, type Troubles, uploadMuch } from './people.ts'
import type { Random } from './random.ts'
import { calm } from './service.ts'
import type { FaultKind } from './stage.ts'
import { clearEverything, ringAlarm, World } from './world.ts'

export interface Told {
  readonly seed: string
  /** What is wrong after the story, in sentences; none in a good one. */
  readonly broken: readonly string[]
  readonly trace: readonly string[]
  readonly faults: Readonly<Partial<Record<FaultKind | 'restart', number>>>
  readonly actionCount: number
  /** What came of it: uploads, accounts, and inferences by their state. */
  readonly made: Readonly<Record<string, number>>
  /** How long after the last fault everything had ended, in milliseconds of the story. */
  readonly endedAfterMs: number
}

const minuteMs = 60_000
/** The cron comes every minute; here it may be away for some. */
const sweepMsMax = 5 * minuteMs
const dayMs = 24 * 60 * minuteMs
/** By then every job and upload has ended, whatever happened to it. */
const healingMsMax = 90 * minuteMs
const patienceMs = 30 * 60 * minuteMs

/** Plays one story: people do things while everything fails, then nothing fails any more and all must come right. */
export async function play(seed: string, faultRate: number | null = null): Promise<Told> {
  await clearEverything()
  const world = new World(seed)
  const troubles: Troubles = { wrong: [] }
  const people = await registerPeople(world, 1 + world.random.below(3))
  const rate = world.random.pick([0, 0.02, 0.05, 0.1])
  world.stage.faultRate = faultRate ?? rate
  world.stage.isFree = false
  Object.assign(world.mood, world.random.pick([calm, bad(0.05), bad(0.3)]))
  const { actionCount, restarts } = await live(world, people, troubles)
  const endedAfterMs = await heal(world)
  // Before a day has passed: what is wrong now, no reconciliation has repaired.
  const booksAtOnce = await findWrongBooks()
  await grow(world)
  const broken = new Set([
    ...troubles.wrong,
    ...booksAtOnce,
    ...(endedAfterMs > healingMsMax
      ? [`not all had ended after ${endedAfterMs / minuteMs} min`]
      : []),
    ...(await findBroken(world, people)),
  ])
  const faults: Record<string, number> = restarts > 0 ? { restart: restarts } : {}
  for (const line of world.stage.trace) {
    const fault = /\(([a-z ]+)\)$/.exec(line)?.[1]
    if (fault) faults[fault] = (faults[fault] ?? 0) + 1
  }
  const made = await countMade()
  const { trace } = world.stage
  return { seed, broken: [...broken], trace, faults, actionCount, made, endedAfterMs }
}

async function countMade(): Promise<Record<string, number>> {
  const { results } = await env.DB.prepare(
    `SELECT 'uploads' AS what, count(*) AS count FROM uploads
     UNION ALL SELECT 'users', count(*) FROM users
     UNION ALL SELECT * FROM (SELECT state, count(*) FROM inferences GROUP BY state)`,
  ).all<{ what: string; count: number }>()
  return Object.fromEntries(results.map(({ what, count }) => [what, count]))
}

const bad = (rate: number) => ({
  busy: rate,
  failedItem: rate,
  retryableItem: rate / 2,
  cutOff: rate / 5,
})

async function registerPeople(world: World, count: number): Promise<Person[]> {
  const { stage } = world
  // The sweep's first run makes the administrator.
  world.sweep()
  await stage.runAll()
  for (let number = 1; number <= count; number += 1) {
    const email = `person${number}@example.com`
    const json = { name: 'Mario', surname: 'Rossi', email, password: 'Passw0rd!' }
    world.request('registration', '/api/users/user', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(json),
    })
    await stage.runAll()
  }
  const { results } = await env.DB.prepare(
    `SELECT id, email, access_version AS accessVersion FROM users
     WHERE role = 'admin' OR email LIKE 'person%' ORDER BY role, email`,
  ).all<{ id: string; email: string; accessVersion: number }>()
  const people = await Promise.all(
    results.map(async ({ id: userId, email, accessVersion }) => ({
      userId,
      email,
      token: await world.accessTokens.issue({ userId, email, accessVersion }),
      datasets: ['set 0'],
      inferences: [],
      aborted: [],
      wishes: [],
    })),
  )
  const client = createClient(world, { wrong: [] }, administratorOf(people))
  for (const person of people) {
    const json = { name: 'set 0' }
    void client.askOnce(person, { method: 'POST', path: '/api/datasets', json })
    await stage.runAll()
    void uploadMuch(client, person, world.random)
    await stage.runAll()
    while (world.deliver()) await stage.runAll()
  }
  return people
}

/** The part of the story in which things happen and fail. */
async function live(world: World, people: readonly Person[], troubles: Troubles) {
  const { random, stage } = world
  const client = createClient(world, troubles, administratorOf(people))
  const actionCount = 8 + random.below(28)
  const atOnceMax = 1 + random.below(5)
  let left = actionCount
  let acting = 0
  let restarts = 0
  let sweptMs = stage.nowMs
  const isUnruly = stage.faultRate > 0
  while (left > 0 || stage.actorCount > 0 || acting > 0) {
    if (stage.nowMs - sweptMs > sweepMsMax) {
      sweptMs = stage.nowMs
      world.sweep()
    } else if (left > 0 && acting < atOnceMax && random.chance(0.15)) {
      left -= 1
      acting += 1
      void act(client, people, random.fork(`action ${left}`)).finally(() => {
        acting -= 1
      })
    } else if (random.chance(0.1)) world.deliver()
    else if (random.chance(0.02)) world.sweep()
    else if (random.chance(0.03)) stage.nowMs += random.below(3 * minuteMs)
    else if (isUnruly && random.chance(0.003)) {
      world.restart()
      restarts += 1
    } else if (isUnruly && random.chance(0.01)) world.projectionIsThere = !world.projectionIsThere
    else if (!(await stage.step())) stage.nowMs += random.below(minuteMs)
  }
  return { actionCount, restarts }
}

async function act(
  client: ReturnType<typeof createClient>,
  people: readonly Person[],
  random: Random,
): Promise<void> {
  const person = people[1 + random.below(people.length - 1)]
  if (!person) throw new Error('A story needs somebody.')
  if (random.chance(0.1)) return recharge(client, person, 1 + random.below(50))
  const total = actions.reduce((sum, [weight]) => sum + weight, 0)
  let drawn = random.next() * total
  for (const [weight, , action] of actions) {
    drawn -= weight
    if (drawn < 0) return void (await action(client, person, random))
  }
}

async function recharge(
  client: ReturnType<typeof createClient>,
  person: Person,
  tokens: number,
): Promise<void> {
  const { token } = client.administrator
  const json = { email: person.email, amount: tokens }
  const asked = { method: 'POST', path: '/api/admin/user-tokens', json, token }
  await client.wish(person, 'recharge', asked, tokens * 1000)
}

/** The first of the people is the one who administers. */
function administratorOf([administrator]: readonly Person[]): Person {
  if (administrator) return administrator
  throw new Error('A story needs an administrator.')
}

/**
 * Nothing fails any more: the sweep runs every minute, queues deliver and alarms ring until every job and upload has ended.
 * Answers how long that took, in milliseconds of the story.
 */
async function heal(world: World): Promise<number> {
  const { stage, random } = world
  stage.faultRate = 0
  world.projectionIsThere = true
  Object.assign(world.mood, calm)
  if (random.chance(0.5)) world.restart()
  await stage.runAll()
  stage.isFree = true
  const startedMs = stage.nowMs
  for (let round = 0; ; round += 1) {
    await passMinute(world)
    const tookMs = stage.nowMs - startedMs
    if ((await hasAllEnded(world)) || tookMs > patienceMs) return tookMs
    stage.nowMs += round < 20 ? minuteMs : 20 * minuteMs
  }
}

/** Weeks later, what is old has been deleted; each run of the sweep takes on a part of it. */
async function grow(world: World): Promise<void> {
  for (let times = 0; times < 4; times += 1) {
    world.stage.nowMs += 11 * dayMs
    await passMinute(world)
  }
}

async function passMinute(world: World): Promise<void> {
  await runSweep(world)
  while (world.deliver()) await world.stage.runAll()
  await ringAlarms()
}

async function runSweep(world: World): Promise<void> {
  world.sweep()
  await world.stage.runAll()
}

async function ringAlarms(): Promise<void> {
  const { results } = await env.DB.prepare('SELECT id FROM users').all<{ id: string }>()
  for (const { id } of results) await ringAlarm(id)
}

async function hasAllEnded(world: World): Promise<boolean> {
  if (world.messageCount > 0) return false
  const open = await env.DB.prepare(
    `SELECT (SELECT count(*) FROM inferences WHERE ended_at IS NULL OR settled_at IS NULL)
       + (SELECT count(*) FROM ingestions WHERE ended_at IS NULL)
       + (SELECT count(*) FROM token_transactions WHERE status = 'pending') AS count`,
  ).first<number>('count')
  return open === 0
}
