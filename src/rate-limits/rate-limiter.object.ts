import { DurableObject } from 'cloudflare:workers'
import { type Quota, type QuotaAnswer, takeFromQuota } from './quotas.rules.ts'

const stateKey = 'fullAgainAtMs'
const storeAfterMs = 2_000
/** Deleting takes longer than a thousand answers: who is asked again and again is left alone. */
const quietMs = 60_000

/**
 * One quota of one scope: an address, an account. It keeps one number, and deletes itself when all of the quota is back and
 * nobody has asked for a minute.
 *
 * The number is stored a moment later, and once for all requests of that moment: an answer would wait for its own write,
 * which takes longer than everything else here. A timer that runs keeps the platform from putting the object away, so that
 * only a crash can lose those two seconds, in favour of whoever asked.
 */
export class RateLimiter extends DurableObject<object> {
  #fullAgainAtMs = 0
  #isStoring = false

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env)
    ctx.blockConcurrencyWhile(async () => {
      this.#fullAgainAtMs = (await ctx.storage.get<number>(stateKey)) ?? 0
    })
  }

  take(quota: Quota, nowMs: number): QuotaAnswer {
    const { answer, fullAgainAtMs } = takeFromQuota(quota, {
      fullAgainAtMs: this.#fullAgainAtMs,
      nowMs,
    })
    if (answer.isGranted) {
      this.#fullAgainAtMs = fullAgainAtMs
      this.#storeLater()
    }
    return answer
  }

  async store(): Promise<void> {
    await this.ctx.storage.put(stateKey, this.#fullAgainAtMs)
    await this.ctx.storage.setAlarm(Math.max(this.#fullAgainAtMs, Date.now()) + quietMs)
  }

  /** Each storing moves the alarm behind what was used since. */
  override async alarm(): Promise<void> {
    if (this.#fullAgainAtMs > Date.now()) return this.store()
    this.#fullAgainAtMs = 0
    await this.ctx.storage.deleteAll()
  }

  #storeLater(): void {
    if (this.#isStoring) return
    this.#isStoring = true
    setTimeout(async () => {
      this.#isStoring = false
      await this.store()
    }, storeAfterMs)
  }
}
