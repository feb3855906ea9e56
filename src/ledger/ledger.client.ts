import type { TokenAccount } from './account/token-account.object.ts'
import type { TokenAmount } from './amounts.ts'
import { createRefusalError, ledgerErrors } from './ledger.errors.ts'
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
} from './ledger.model.ts'

/**
 * The ledger as use-cases see it. Every call may be repeated: an operation id, or a reservation's id where it ends, gets
 * its first answer again. Each throws `tokens.unavailable` when the account could not be reached after several tries.
 */
export interface LedgerClient {
  /** Opens an account with its initial grant. */
  open(userId: string, command: CreditCommand): Promise<OpenAnswer>
  credit(userId: string, command: CreditCommand): Promise<CreditAnswer>
  reserve(userId: string, command: ReserveCommand): Promise<ReserveAnswer>
  /** Throws `tokens.insufficient` (401) with `required`, `balance` and `shortfall`, and every other refusal. */
  reserveOrThrow(userId: string, command: ReserveCommand): Promise<GrantedReservation>
  /** Pays `spent` and refunds the rest of what was reserved. */
  settle(userId: string, command: SettleCommand): Promise<EndAnswer>
  /** Refunds everything that was reserved. */
  release(userId: string, command: ReleaseCommand): Promise<EndAnswer>
  /** Ends recharges and new reservations; those that are running may still end. */
  close(userId: string, command: CloseCommand): Promise<CloseAnswer>
  balance(userId: string): Promise<TokenAmount>
  /** The newest `limit` entries (1 to 1000). */
  statement(userId: string, query: { readonly limit: number }): Promise<Statement>
  reservation(userId: string, reservationId: string): Promise<Reservation | null>
  /** The account's own books: up to `limit` entries (1 to 1000) after a sequence, oldest first. */
  inspect(
    userId: string,
    query: { readonly afterSequence: number; readonly limit: number },
  ): Promise<AccountInspection>
  /** What the projection still lacks. */
  outbox(userId: string): Promise<OutboxState>
  /** Brings the projection up to date now. */
  flush(userId: string): Promise<FlushAnswer>
}

export type GrantedReservation = Extract<ReserveAnswer, { readonly ok: true }>

type Sleep = (ms: number) => Promise<void>

const triesMax = 4
const firstPauseMs = 50

/** Calls each user's account object by the user's id, and tries again where the platform says that it may help. */
export function createLedgerClient(
  namespace: Pick<DurableObjectNamespace<TokenAccount>, 'getByName'>,
  sleep: Sleep = (ms) => scheduler.wait(ms),
): LedgerClient {
  const call = <Answer>(
    userId: string,
    ask: (account: DurableObjectStub<TokenAccount>) => Promise<Answer>,
  ) => retryTransient(() => ask(namespace.getByName(userId)), sleep)

  const reserve = (userId: string, command: ReserveCommand): Promise<ReserveAnswer> =>
    call(userId, async (account) => account.reserve(command))

  return {
    open: (userId, command) => call(userId, async (account) => account.open(command)),
    credit: (userId, command) => call(userId, async (account) => account.credit(command)),
    reserve,
    async reserveOrThrow(userId, command) {
      const answer = await reserve(userId, command)
      if (!answer.ok) throw createRefusalError(answer)
      return answer
    },
    settle: (userId, command) => call(userId, async (account) => account.settle(command)),
    release: (userId, command) => call(userId, async (account) => account.release(command)),
    close: (userId, command) => call(userId, async (account) => account.close(command)),
    balance: (userId) => call(userId, async (account) => account.balance()),
    statement: (userId, query) => call(userId, async (account) => account.statement(query)),
    reservation: (userId, id) => call(userId, async (account) => account.reservation(id)),
    inspect: (userId, query) => call(userId, async (account) => account.inspect(query)),
    outbox: (userId) => call(userId, async (account) => account.outbox()),
    flush: (userId) => call(userId, async (account) => account.flush()),
  }
}

/** A stub may be broken once it has failed, so that every try makes its own. */
async function retryTransient<Answer>(ask: () => Promise<Answer>, sleep: Sleep): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask()
    } catch (error) {
      if (!isTransient(error)) throw error
      if (tries === triesMax) throw createUnavailableError(error)
      await sleep(firstPauseMs * 2 ** (tries - 1) * (0.5 + Math.random()))
    }
  }
}

/** The platform marks the errors of a call that may succeed when it is repeated. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { retryable, overloaded } = error as { retryable?: unknown; overloaded?: unknown }
  return retryable === true || overloaded === true
}

function createUnavailableError(cause: unknown) {
  const error = ledgerErrors.createError(
    'tokens.unavailable',
    'The token account cannot be reached at the moment. Nothing was lost; please try again.',
  )
  error.cause = cause
  return error
}
