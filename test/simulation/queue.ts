import { createRandom, type Random } from './random.ts'
import type { Stage } from './stage.ts'

interface Waiting {
  readonly id: string
  readonly body: unknown
  attempts: number
  dueMs: number
}

/** `max_retries` of wrangler.toml. */
const retriesMax = 10

/**
 * A queue that keeps what Cloudflare's promises and no more: every message is delivered at least once, in any order, sometimes
 * twice, and given to the dead-letter queue after its last retry. A restart loses all, as the local one's does.
 */
export class StagedQueue {
  readonly #random: Random
  #waiting: Waiting[] = []

  constructor(
    readonly name: string,
    seed: string,
    readonly batchMax: number,
    readonly dead: StagedQueue | null,
  ) {
    this.#random = createRandom(`${seed}/${name}`)
  }

  get size(): number {
    return this.#waiting.length
  }

  lose(): void {
    this.#waiting = []
  }

  add(body: unknown, dueMs: number): void {
    this.#waiting.push({ id: this.#random.uuid(), body, attempts: 0, dueMs })
  }

  nextDueMs(): number {
    return Math.min(...this.#waiting.map((message) => message.dueMs))
  }

  /** Up to a batch of messages that are due, and how their consumer's run is ended; null when none is due. */
  take(
    stage: Stage,
  ): { batch: MessageBatch<unknown>; finish: (hasReturned: boolean) => void } | null {
    const due = this.#waiting.filter((message) => message.dueMs <= stage.nowMs)
    if (due.length === 0) return null
    const taken = due
      .map((message) => ({ message, order: this.#random.next() }))
      .sort((one, other) => one.order - other.order)
      .slice(0, 1 + this.#random.below(this.batchMax))
      .map(({ message }) => message)
    this.#waiting = this.#waiting.filter((message) => !taken.includes(message))
    const verdicts = new Map<Waiting, { again: boolean; delaySeconds: number }>()
    const messages = taken.map((message) => {
      message.attempts += 1
      // It was delivered, and its acknowledgement will be lost.
      if (this.#random.chance(0.05)) this.add(message.body, stage.nowMs + 30_000)
      return {
        id: message.id,
        timestamp: new Date(stage.nowMs),
        body: message.body,
        attempts: message.attempts,
        ack: () => void verdicts.set(message, { again: false, delaySeconds: 0 }),
        retry: ({ delaySeconds = 2 } = {}) =>
          void verdicts.set(message, { again: true, delaySeconds }),
      }
    })
    const finish = (hasReturned: boolean) => {
      for (const message of taken) {
        const verdict = verdicts.get(message) ?? { again: !hasReturned, delaySeconds: 2 }
        if (!verdict.again) continue
        if (message.attempts > retriesMax) this.dead?.add(message.body, stage.nowMs)
        else {
          message.dueMs = stage.nowMs + verdict.delaySeconds * 1000
          this.#waiting.push(message)
        }
      }
    }
    const batch = { queue: this.name, messages, ackAll() {}, retryAll() {} }
    return { batch: batch as unknown as MessageBatch<unknown>, finish }
  }

  /** What a producer gets of it. */
  createProducer(
    send: (name: string, effect: () => Promise<void>) => Promise<void>,
    nowMs: () => number,
  ) {
    const add = (body: unknown, delaySeconds = 0) => this.add(body, nowMs() + delaySeconds * 1000)
    return {
      send: (body: unknown, options: QueueSendOptions = {}) =>
        send(`queue ${this.name} send`, async () => add(body, options.delaySeconds)),
      sendBatch: (messages: Iterable<MessageSendRequest>) =>
        send(`queue ${this.name} send`, async () => {
          for (const { body, delaySeconds } of messages) add(body, delaySeconds)
        }),
    }
  }
}
