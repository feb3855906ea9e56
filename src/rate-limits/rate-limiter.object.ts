import { DurableObject } from 'cloudflare:workers'
import { type Quota, type QuotaAnswer, takeFromQuota } from './quotas.rules.ts'

const stateKey = 'fullAgainAtMs'

/**
 * One quota of one scope: an address, an account. It keeps one number, which outlives it, or else a scope would have its
 * whole quota again whenever the platform puts an idle object away, and deletes itself when all of the quota is back.
 */
export class RateLimiter extends DurableObject<object> {
  #fullAgainAtMs = 0
  #alarmAtMs: number | null = null

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env)
    ctx.blockConcurrencyWhile(async () => {
      this.#fullAgainAtMs = (await ctx.storage.get<number>(stateKey)) ?? 0
      this.#alarmAtMs = await ctx.storage.getAlarm()
    })
  }

  /** Takes one request. The answer does not wait for the disk: a crash may give a request back, and never takes one. */
  take(quota: Quota, nowMs: number): QuotaAnswer {
    const { answer, fullAgainAtMs } = takeFromQuota(quota, {
      fullAgainAtMs: this.#fullAgainAtMs,
      nowMs,
    })
    if (answer.isGranted) this.#keep(fullAgainAtMs)
    return answer
  }

  override async alarm(): Promise<void> {
    this.#alarmAtMs = null
    if (this.#fullAgainAtMs > Date.now()) {
      this.#setAlarm()
      return
    }
    this.#fullAgainAtMs = 0
    await this.ctx.storage.deleteAll()
  }

  #keep(fullAgainAtMs: number): void {
    this.#fullAgainAtMs = fullAgainAtMs
    this.ctx.storage.put(stateKey, fullAgainAtMs, { allowUnconfirmed: true })
    if (this.#alarmAtMs === null) this.#setAlarm()
  }

  #setAlarm(): void {
    // One alarm a minute at most, however often the quota is used.
    this.#alarmAtMs = Math.max(this.#fullAgainAtMs, Date.now() + 60_000)
    this.ctx.storage.setAlarm(this.#alarmAtMs, { allowUnconfirmed: true })
  }
}
