import {
  applyD1Migrations,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import {
  consumeDeadUploads,
  consumeUploads,
} from '../../src/datasets/uploads/ingestion/ingestions.consumer.ts'
import { consumeDeadTasks, consumeTasks } from '../../src/inferences/tasks/tasks.consumer.ts'
import type { TokenAccount } from '../../src/ledger/account/token-account.object.ts'
import { createLedgerProjection, type Delivery } from '../../src/ledger/ledger.projection.ts'
import { createServices, type Services } from '../../src/services.ts'
import { sweep } from '../../src/sweep.ts'
import { type AccessTokens, createAccessTokens } from '../../src/users/access-tokens.ts'
import { createHeldApp } from '../support/held-app.ts'
import { quickHasher, silentLogger } from '../support/people.ts'
import { createBindings } from './outside.ts'
import { StagedQueue } from './queue.ts'
import { createRandom, type Random } from './random.ts'
import { calm, createStagedService, type ServiceMood } from './service.ts'
import { type Actor, Stage } from './stage.ts'

const dayMs = 24 * 60 * 60_000
const startMs = Date.UTC(2035, 0, 1)
const administratorEmail = 'administrator@example.com'
type QueueName = 'TASKS' | 'VIDEOS' | 'UPLOADS'

/** One product in one story: real database, bucket and account objects; staged time, queues and inference service. */
export class World {
  readonly stage: Stage
  readonly random: Random
  readonly accessTokens: AccessTokens
  readonly mood: ServiceMood = { ...calm }
  /** Whether accounts can tell the projection what happened in them. */
  projectionIsThere = true
  readonly queues: Readonly<Record<QueueName, StagedQueue>>
  readonly #queueRuns: readonly {
    queue: StagedQueue
    consume: (services: Services, batch: MessageBatch<unknown>) => Promise<void>
  }[]
  readonly #services = new WeakMap<object, Services>()
  readonly #accountRandom: Random
  readonly #prepared = new Set<string>()
  #deliveries = 0

  constructor(readonly seed: string) {
    this.stage = new Stage(seed, { startMs, isBusyElsewhere: () => this.#deliveries > 0 })
    this.random = createRandom(`${seed}/story`)
    this.accessTokens = createAccessTokens({
      secrets: [env.JWT_SECRET],
      clock: { nowMs: () => this.stage.nowMs + 30 * dayMs },
    })
    this.#accountRandom = createRandom(`${seed}/accounts`)
    const create = (name: string, batchMax: number) => {
      const dead = new StagedQueue(`${name}-dead`, seed, 10, null)
      return { dead, queue: new StagedQueue(name, seed, batchMax, dead) }
    }
    const tasks = create('tasks', 4)
    const videos = create('videos', 1)
    const uploads = create('uploads', 4)
    this.queues = { TASKS: tasks.queue, VIDEOS: videos.queue, UPLOADS: uploads.queue }
    this.#queueRuns = [
      { queue: tasks.queue, consume: consumeTasks },
      { queue: videos.queue, consume: consumeTasks },
      { queue: uploads.queue, consume: consumeUploads },
      { queue: tasks.dead, consume: consumeDeadTasks },
      { queue: videos.dead, consume: consumeDeadTasks },
      { queue: uploads.dead, consume: consumeDeadUploads },
    ]
  }

  /** The services of one actor, and the environment under which the app finds them. */
  equip(actor: Actor): { actorEnv: Env; services: Services } {
    const { stage } = this
    const send = (name: string, effect: () => Promise<void>) =>
      stage.call(actor, name, effect, { mayRepeat: true })
    const nowMs = () => stage.nowMs
    const produce = (name: QueueName) => this.queues[name].createProducer(send, nowMs)
    const actorEnv = {
      ...env,
      ...createBindings(stage, actor, (...call) => this.#callAccount(...call)),
      TASKS: produce('TASKS'),
      VIDEOS: produce('VIDEOS'),
      UPLOADS: produce('UPLOADS'),
      // In development the sweep writes samples, which no story is about.
      APP_ENV: 'staging',
      ADMIN_EMAIL: administratorEmail,
      ADMIN_PASSWORD: 'a password of the first administrator',
    } as unknown as Env
    const services = {
      ...createServices(actorEnv, {
        clock: { nowMs },
        createId: () => actor.random.uuid(),
        sleep: async () => undefined,
        fetch: createStagedService(stage, actor, this.mood),
        logger: silentLogger,
      }),
      passwords: quickHasher,
    }
    this.#services.set(actorEnv, services)
    return { actorEnv, services }
  }

  readonly #app = createHeldApp((actorEnv) => {
    const services = this.#services.get(actorEnv)
    if (!services) throw new Error('This environment belongs to no actor.')
    return services
  })

  /** A request of a client, as an actor. */
  request(name: string, path: string, init: RequestInit) {
    return this.stage.begin(name, async (actor) => {
      const answer = await this.#app.request(path, init, this.equip(actor).actorEnv)
      const isJson = answer.headers.get('content-type')?.includes('json')
      return { status: answer.status, body: isJson ? await answer.json() : await answer.text() }
    })
  }

  sweep() {
    return this.stage.begin('sweep', (actor) => sweep(this.equip(actor).services))
  }

  /** Has one batch consumed; false when no message is due. */
  deliver(): boolean {
    const due = this.#queueRuns.filter(({ queue }) => queue.nextDueMs() <= this.stage.nowMs)
    const run = due[this.random.below(due.length)]
    const taken = run?.queue.take(this.stage)
    if (!run || !taken) return false
    const { ending } = this.stage.begin(`consumer of ${run.queue.name}`, (actor) =>
      run.consume(this.equip(actor).services, taken.batch),
    )
    void ending.then(({ kind }) => taken.finish(kind === 'returned'))
    return true
  }

  get messageCount(): number {
    return this.#queueRuns.reduce((sum, { queue }) => sum + queue.size, 0)
  }

  /** Every process dies, and the queues with them. */
  restart(): void {
    this.stage.killAll()
    for (const { queue } of this.#queueRuns) queue.lose()
  }

  /** Ends when what the call made the account tell the projection is told, or could not be. */
  async #callAccount(userId: string, method: string, parameters: readonly unknown[]) {
    await this.#prepareAccount(userId)
    const account = accountOf(userId)
    const methods = account as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>
    const answer = await methods[method]?.(...parameters)
    for (;;) {
      const { waiting, failures } = await account.outbox()
      if (waiting === 0 || failures > 0) return answer
    }
  }

  /** Gives a user's account object this story's time and chance, and a projection that may be away. */
  async #prepareAccount(userId: string): Promise<void> {
    if (this.#prepared.has(userId)) return
    this.#prepared.add(userId)
    const projection = createLedgerProjection(env.DB)
    const deliver = async (delivery: Delivery) => {
      if (!this.projectionIsThere) throw new Error('D1_ERROR: the story wants it')
      this.#deliveries += 1
      try {
        await projection.deliver(delivery)
      } finally {
        this.#deliveries -= 1
      }
    }
    await runInDurableObject(accountOf(userId), (account: TokenAccount) => {
      Object.assign(account.means, {
        clock: { nowMs: () => this.stage.nowMs },
        createId: () => this.#accountRandom.uuid(),
        logger: silentLogger,
        projection: { deliver },
      })
    })
  }
}

export function accountOf(userId: string) {
  return env.TOKEN_ACCOUNTS.getByName(userId)
}

export function ringAlarm(userId: string): Promise<boolean> {
  return runDurableObjectAlarm(accountOf(userId))
}

/** Forgets every row, object and account of the stories before. */
export async function clearEverything(): Promise<void> {
  await reset()
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
}
