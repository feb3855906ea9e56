import type { CreateId } from '../../shared/ids.ts'
import {
  createAmount,
  formatTokens,
  isTokenAmount,
  type TokenAmount,
  tokenAmountMax,
  zeroTokens,
} from '../amounts.ts'
import type {
  AccountState,
  CloseAnswer,
  CloseCommand,
  CreditAnswer,
  CreditCommand,
  Entry,
  OpenAnswer,
  RecordedOperation,
  Refusal,
  Reservation,
} from '../ledger.model.ts'

/** What a decision may know beside its command. */
export interface Stamp {
  readonly nowMs: number
  readonly createId: CreateId
}

export interface OperationView {
  readonly account: AccountState
  /** What is on record under the command's operation id. */
  readonly operation: RecordedOperation | null
}

/** What one decision writes, all of it or nothing. */
export interface Changes {
  readonly account: AccountState
  readonly added: readonly Entry[]
  readonly changed: readonly Entry[]
  readonly reservation: Reservation | null
  readonly operation: RecordedOperation | null
}

export interface Decision<Answer> {
  readonly answer: Answer
  /** Null when the answer is a refusal or a replay, which write nothing. */
  readonly changes: Changes | null
}

/** Opens an account with its initial grant, once. A grant of nothing is an entry too, so that the account is listed. */
export function decideOpen(
  view: OperationView,
  command: CreditCommand,
  stamp: Stamp,
): Decision<OpenAnswer> {
  const { operationId, amount, description } = command
  return answerOnce<OpenAnswer>(view, operationId, ['open', amount, description], () => {
    const { account } = view
    if (account.isClosed) return refuse({ ok: false, code: 'account.closed' })
    if (account.isOpened) return refuse({ ok: false, code: 'account.already_open' })
    const problem = findCreditProblem(account, amount, 0)
    if (problem !== null) return refuseAmount(problem)
    const opened = { ...account, isOpened: true }
    return credit(opened, 'initial_grant', command, stamp)
  })
}

export function decideCredit(
  view: OperationView,
  command: CreditCommand,
  stamp: Stamp,
): Decision<CreditAnswer> {
  const { operationId, amount, description } = command
  return answerOnce<CreditAnswer>(view, operationId, ['credit', amount, description], () => {
    if (view.account.isClosed) return refuse({ ok: false, code: 'account.closed' })
    const problem = findCreditProblem(view.account, amount, 1)
    if (problem !== null) return refuseAmount(problem)
    return credit(view.account, 'admin_recharge', command, stamp)
  })
}

/** Ends recharges and reservations; reservations that are running may still be settled or released. */
export function decideClose(view: OperationView, command: CloseCommand): Decision<CloseAnswer> {
  return answerOnce<CloseAnswer>(view, command.operationId, ['close'], () => {
    if (view.account.isClosed) return refuse({ ok: false, code: 'account.closed' })
    return {
      answer: { ok: true, balance: view.account.balance, replayed: false },
      changes: { ...noChanges, account: { ...view.account, isClosed: true } },
    }
  })
}

/** Appends an entry to the account; one that is `aborted` moves nothing. */
export function post(
  account: AccountState,
  line: Pick<
    Entry,
    'id' | 'operationType' | 'operationId' | 'reservationId' | 'amount' | 'status' | 'description'
  >,
  nowMs: number,
): { readonly account: AccountState; readonly entry: Entry } {
  const moved = line.status === 'aborted' ? zeroTokens : line.amount
  const balance = createAmount(account.balance + moved)
  const sequence = account.lastSequence + 1
  const entry = {
    ...line,
    sequence,
    balanceBefore: account.balance,
    balanceAfter: balance,
    version: 1,
    createdAt: nowMs,
  }
  return { account: { ...account, balance, lastSequence: sequence }, entry }
}

export function refuse(refusal: Refusal): Decision<Refusal> {
  return { answer: refusal, changes: null }
}

export function refuseAmount(problem: string): Decision<Refusal> {
  return refuse({ ok: false, code: 'amount.invalid', problem })
}

/** The changes of a decision that touches the account alone. */
export const noChanges = { added: [], changed: [], reservation: null, operation: null } as const

/** Answers a repeated operation as the first time, and records the answer of one that is carried out. */
export function answerOnce<Answer extends { readonly ok: boolean }>(
  view: OperationView,
  operationId: string,
  content: readonly [kind: string, ...args: unknown[]],
  decide: () => Decision<Answer>,
): Decision<Answer | Refusal> {
  const fingerprint = JSON.stringify(content)
  if (view.operation !== null) {
    if (view.operation.fingerprint !== fingerprint) {
      return refuse({ ok: false, code: 'operation.conflict', operationId })
    }
    return { answer: { ...(view.operation.answer as Answer), replayed: true }, changes: null }
  }
  const { answer, changes } = decide()
  if (changes === null || !answer.ok) return { answer, changes }
  return { answer, changes: { ...changes, operation: { operationId, fingerprint, answer } } }
}

function findCreditProblem(account: AccountState, amount: TokenAmount, min: 0 | 1): string | null {
  if (!isTokenAmount(amount) || amount < min) {
    return `The amount to add must be ${min === 0 ? '0 tokens or more' : 'more than 0 tokens'}.`
  }
  if (!isTokenAmount(account.balance + account.reserved + amount)) {
    return `With ${formatTokens(amount)} tokens more the account would hold more than the most that one can, ${formatTokens(createAmount(tokenAmountMax))}. Send a smaller amount.`
  }
  return null
}

function credit(
  before: AccountState,
  operationType: 'initial_grant' | 'admin_recharge',
  command: CreditCommand,
  stamp: Stamp,
) {
  const { operationId, amount, description } = command
  const { account, entry } = post(
    before,
    {
      id: stamp.createId(),
      operationType,
      operationId,
      reservationId: null,
      amount,
      status: 'completed',
      description,
    },
    stamp.nowMs,
  )
  return {
    answer: { ok: true, balance: account.balance, entryId: entry.id, replayed: false } as const,
    changes: { ...noChanges, account, added: [entry] },
  }
}
