import { DurableObject } from 'cloudflare:workers'
import { type Clock, systemClock } from '../../shared/clock.ts'
import { type CreateId, createRandomId } from '../../shared/ids.ts'
import { createLogger, type Logger } from '../../shared/logger.ts'
import type { TokenAmount } from '../amounts.ts'
import type {
  AccountInspection,
  CloseAnswer,
  CloseCommand,
  CreditAnswer,
  CreditCommand,
  EndAnswer,
  FlushAnswer,
  OpenAnswer,
  OutboxState,
  ReleaseCommand,
  Reservation,
  ReserveAnswer,
  ReserveCommand,
  SettleCommand,
  Statement,
} from '../ledger.model.ts'
import { createLedgerProjection, type LedgerProjection } from '../ledger.projection.ts'
import { decideExpiry, decideRelease, decideSettle } from './ending.rules.ts'
import { type Decision, decideClose, decideCredit, decideOpen } from './ledger.rules.ts'
import { decideReserve } from './reserve.rules.ts'
import { findRetryDelayMs, TokenAccountDelivery } from './token-account.delivery.ts'
import { TokenAccountOutbox } from './token-account.outbox.ts'
import { TokenAccountStore } from './token-account.store.ts'

const statementEntriesMax = 1000
const expiriesPerAlarmMax = 200

/** What an account gets from outside; a test replaces it. */
export interface TokenAccountMeans {
  clock: Clock
  createId: CreateId
  logger: Logger
  projection: LedgerProjection
}

/**
 * One user's tokens: the only truth about a balance. Every method that writes decides and stores within one synchronous
 * transaction, so that no other request comes between reading a balance and changing it. Refusals are answers, because
 * errors lose their properties on the way to the caller.
 */
export class TokenAccount extends DurableObject<Pick<Env, 'DB'>> {
  readonly means: TokenAccountMeans
  readonly #store: TokenAccountStore
  readonly #outbox: TokenAccountOutbox
  readonly #delivery: TokenAccountDelivery
  #alarmAtMs: number | null = null

  constructor(ctx: DurableObjectState, env: Pick<Env, 'DB'>) {
    super(ctx, env)
    const { storage } = ctx
    this.means = {
      clock: systemClock,
      createId: createRandomId,
      logger: createLogger(),
      projection: createLedgerProjection(env.DB),
    }
    this.#outbox = new TokenAccountOutbox(storage.sql)
    this.#store = new TokenAccountStore(storage.sql, this.#outbox)
    this.#delivery = new TokenAccountDelivery({ storage, store: this.#store, outbox: this.#outbox })
    storage.transactionSync(() => {
      this.#store.prepare(ctx.id.name)
      this.#outbox.prepare()
    })
    ctx.blockConcurrencyWhile(async () => {
      this.#alarmAtMs = await storage.getAlarm()
    })
  }

  open(command: CreditCommand): OpenAnswer {
    return this.#act(() => decideOpen(this.#viewOf(command), command, this.#stamp()))
  }

  credit(command: CreditCommand): CreditAnswer {
    return this.#act(() => decideCredit(this.#viewOf(command), command, this.#stamp()))
  }

  reserve(command: ReserveCommand): ReserveAnswer {
    return this.#act(() => decideReserve(this.#viewOf(command), command, this.#stamp()))
  }

  settle(command: SettleCommand): EndAnswer {
    return this.#act(() => decideSettle(this.#endingOf(command), command, this.#stamp()))
  }

  release(command: ReleaseCommand): EndAnswer {
    return this.#act(() => decideRelease(this.#endingOf(command), command, this.#stamp()))
  }

  close(command: CloseCommand): CloseAnswer {
    return this.#act(() => decideClose(this.#viewOf(command), command))
  }

  balance(): TokenAmount {
    return this.#store.readAccount().balance
  }

  /** The newest entries, 1 to 1000 of them, with the balance that they lead to. */
  statement({ limit }: { limit: number }): Statement {
    const count = Math.min(Math.max(1, Math.trunc(limit)), statementEntriesMax)
    return { balance: this.balance(), entries: this.#store.listEntries(count) }
  }

  reservation(reservationId: string): Reservation | null {
    return this.#store.findReservation(reservationId)
  }

  /** For whoever checks the books: up to 1000 entries after a sequence, with what they should add up to. */
  inspect({ afterSequence, limit }: { afterSequence: number; limit: number }): AccountInspection {
    const count = Math.min(Math.max(1, Math.trunc(limit)), statementEntriesMax)
    const entries = this.#store.listEntriesAfter({ sequence: afterSequence, limit: count })
    const range = { first: afterSequence + 1, last: entries.at(-1)?.sequence ?? afterSequence }
    const reservations = this.#store.listReservations(range)
    return {
      account: this.#store.readAccount(),
      pendingAmount: this.#store.sumPending(),
      entries,
      endings: Object.fromEntries(reservations.map(({ id, ending }) => [id, ending])),
      undelivered: this.#outbox.listWaiting(range),
    }
  }

  outbox(): OutboxState {
    return this.#outbox.describe()
  }

  /** Delivers what the projection lacks now, whenever the next try would be due. */
  async flush(): Promise<FlushAnswer> {
    await this.#deliver()
    const waiting = this.#outbox.count()
    return waiting === 0 ? { ok: true } : { ok: false, code: 'projection.unavailable', waiting }
  }

  /** The one alarm: ends reservations whose time is over and delivers what the projection lacks. */
  override async alarm(): Promise<void> {
    this.#alarmAtMs = null
    for (const id of this.#store.listExpired(this.#nowMs(), expiriesPerAlarmMax)) {
      this.#commit(() => decideExpiry(this.#endingOf({ reservationId: id }), id, this.#stamp()))
    }
    await this.#deliver()
    this.#setAlarm()
  }

  #act<Answer>(decide: () => Decision<Answer>): Answer {
    const { answer, changes } = this.#commit(decide)
    if (changes === null) return answer
    this.#setAlarm()
    // While deliveries fail the alarm alone retries them, or every request would call a broken database.
    if (this.#outbox.readFailures() === 0) this.ctx.waitUntil(this.#deliver())
    return answer
  }

  #commit<Answer>(decide: () => Decision<Answer>): Decision<Answer> {
    return this.ctx.storage.transactionSync(() => {
      const decision = decide()
      if (decision.changes !== null) this.#store.apply(decision.changes)
      return decision
    })
  }

  /** Whatever waits has its alarm since it was written, so that a failure needs none of its own. */
  #deliver(): Promise<void> {
    return this.#delivery.run(this.means)
  }

  /** Moves the alarm to the earliest thing due, and only ever earlier: an alarm too many finds nothing to do. */
  #setAlarm(): void {
    const dueMs = this.#findNextDueMs()
    if (dueMs === null || (this.#alarmAtMs !== null && this.#alarmAtMs <= dueMs)) return
    this.#alarmAtMs = dueMs
    this.ctx.waitUntil(this.ctx.storage.setAlarm(dueMs))
  }

  #findNextDueMs(): number | null {
    const expiryMs = this.#store.findNextExpiry()
    if (this.#outbox.isEmpty()) return expiryMs
    const retryMs = this.#nowMs() + findRetryDelayMs(this.#outbox.readFailures())
    return expiryMs === null ? retryMs : Math.min(expiryMs, retryMs)
  }

  #viewOf({ operationId }: { readonly operationId: string }) {
    return {
      account: this.#store.readAccount(),
      operation: this.#store.findOperation(operationId),
    }
  }

  #endingOf({ reservationId }: { readonly reservationId: string }) {
    return { account: this.#store.readAccount(), held: this.#store.findHeld(reservationId) }
  }

  #stamp() {
    return { nowMs: this.#nowMs(), createId: this.means.createId }
  }

  #nowMs(): number {
    return this.means.clock.nowMs()
  }
}
