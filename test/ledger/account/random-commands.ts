import * as fc from 'fast-check'
import { createAmount } from '../../../src/ledger/amounts.ts'
import type {
  CloseCommand,
  CreditCommand,
  ReleaseCommand,
  ReserveCommand,
  SettleCommand,
} from '../../../src/ledger/ledger.model.ts'

/** What both the rules in memory and the real account's stub offer. */
interface Account {
  open(command: CreditCommand): unknown
  credit(command: CreditCommand): unknown
  reserve(command: ReserveCommand): unknown
  settle(command: SettleCommand): unknown
  release(command: ReleaseCommand): unknown
  close(command: CloseCommand): unknown
}

/** A command of random kind; `pick` chooses one of the reservations granted so far, or one that never was. */
export interface RandomCommand {
  readonly kind: keyof Account
  readonly operationId: string
  readonly amount: number
  readonly pick: number
  readonly reason: string | undefined
}

const amount = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 5_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -5, max: 0 }) },
)

/** Few operation ids and amounts, so that replays, conflicts and refusals are common. */
export function randomCommands(lengths: { minLength: number; maxLength: number }) {
  const kind = fc.oneof(
    { weight: 1, arbitrary: fc.constant('open' as const) },
    { weight: 3, arbitrary: fc.constant('credit' as const) },
    { weight: 8, arbitrary: fc.constant('reserve' as const) },
    { weight: 6, arbitrary: fc.constant('settle' as const) },
    { weight: 4, arbitrary: fc.constant('release' as const) },
  )
  const operationId = fc.integer({ min: 1, max: lengths.maxLength }).map((id) => `operation-${id}`)
  const reason = fc.option(fc.constantFrom('aborted', 'gave up'), { nil: undefined })
  const pick = fc.nat({ max: 1_000 })
  return fc
    .tuple(
      fc.array(fc.record({ kind, operationId, amount, pick, reason }), { ...lengths, size: 'max' }),
      fc.nat({ max: 100 }),
    )
    .map(([commands, at]) => withReplays(commands, at))
}

/** Every third command comes a second time, some commands later; one run in two closes its account in the end. */
function withReplays(commands: readonly RandomCommand[], at: number): RandomCommand[] {
  const doubled = commands.flatMap((command, index) => {
    const earlier = commands[index - ((at + index) % 7)]
    return index % 3 === 0 && earlier !== undefined ? [command, earlier] : [command]
  })
  if (at % 2 === 0) return doubled
  const close: RandomCommand = {
    kind: 'close',
    operationId: 'close',
    amount: 0,
    pick: 0,
    reason: undefined,
  }
  doubled.splice(Math.floor(doubled.length * 0.9), 0, close, close)
  return doubled
}

export interface Step {
  readonly name: string
  /** Two steps of the same content are the same operation. */
  readonly content: string
  run(account: Account): unknown
}

export function createStep(command: RandomCommand, reservationIds: readonly string[]): Step {
  const { kind, operationId, pick, reason } = command
  const amount = createAmount(command.amount)
  const reservationId = reservationIds[pick % (reservationIds.length + 1)] ?? 'never-reserved'
  const step = (content: object, run: Step['run']): Step => ({
    name: kind,
    content: JSON.stringify([kind, content]),
    run,
  })
  switch (kind) {
    case 'open':
    case 'credit': {
      const content = { operationId, amount, description: 'Random' }
      return step(content, (account) => account[kind](content))
    }
    case 'reserve': {
      const operationType = pick % 2 === 0 ? ('inference' as const) : ('dataset_upload' as const)
      const content = { operationId, operationType, amount }
      return step(content, (account) => account.reserve(content))
    }
    case 'settle': {
      const content = { reservationId, spent: amount }
      return step(content, (account) => account.settle(content))
    }
    case 'release': {
      const content = { reservationId, ...(reason === undefined ? {} : { reason }) }
      return step(content, (account) => account.release(content))
    }
    case 'close':
      return step({ operationId }, (account) => account.close({ operationId }))
  }
}
