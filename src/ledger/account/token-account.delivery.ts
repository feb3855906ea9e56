import type { Clock } from '../../shared/clock.ts'
import { describeError, type Logger } from '../../shared/logger.ts'
import type { LedgerProjection } from '../ledger.projection.ts'
import type { TokenAccountOutbox } from './token-account.outbox.ts'
import type { TokenAccountStore } from './token-account.store.ts'

const entriesPerDeliveryMax = 200
const firstRetryMs = 2_000
const retryMsMax = 60_000

/** How long to wait after so many failures in a row: 2 s, doubled each time, up to a minute. */
export function findRetryDelayMs(failures: number): number {
  return Math.min(firstRetryMs * 2 ** Math.max(0, failures - 1), retryMsMax)
}

interface DeliveryParts {
  readonly storage: Pick<DurableObjectStorage, 'transactionSync'>
  readonly store: TokenAccountStore
  readonly outbox: TokenAccountOutbox
}

interface DeliveryMeans {
  readonly clock: Clock
  readonly logger: Logger
  readonly projection: LedgerProjection
}

/** Empties the outbox into the projection: one delivery at a time, which takes along what is added meanwhile. */
export class TokenAccountDelivery {
  readonly #parts: DeliveryParts
  #running: Promise<void> | null = null

  constructor(parts: DeliveryParts) {
    this.#parts = parts
  }

  /** Resolves when the outbox is empty or a delivery has failed; joins the run that is under way. */
  run(means: DeliveryMeans): Promise<void> {
    this.#running ??= this.#deliverAll(means).finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #deliverAll(means: DeliveryMeans): Promise<void> {
    while (!this.#parts.outbox.isEmpty()) {
      const isDelivered = await this.#deliverSome(means)
      if (!isDelivered) return
    }
  }

  async #deliverSome({ clock, logger, projection }: DeliveryMeans): Promise<boolean> {
    const { storage, store, outbox } = this.#parts
    const entries = outbox.list(entriesPerDeliveryMax)
    const { balance, lastSequence } = store.readAccount()
    const userId = store.readUserId()
    try {
      await projection.deliver({ userId, balance, lastSequence, entries, nowMs: clock.nowMs() })
    } catch (error) {
      const failures = outbox.readFailures() + 1
      outbox.writeFailures(failures)
      logger.warn('ledger.delivery_failed', { userId, failures, ...describeError(error) })
      return false
    }
    storage.transactionSync(() => {
      outbox.forget(entries)
      outbox.writeFailures(0)
    })
    return true
  }
}
