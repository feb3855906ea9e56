import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryAccount, sumOfMovingEntries } from './memory-account.ts'
import { createStep, randomCommands } from './random-commands.ts'

interface LooseAnswer {
  readonly ok: boolean
  readonly replayed?: boolean
  readonly code?: string
  readonly reservationId?: string
}

/** Carries out every command and tells each answer together with the account. */
function play(
  commands: readonly Parameters<typeof createStep>[0][],
  look: (seen: { answer: LooseAnswer; content: string; account: MemoryAccount }) => void,
): MemoryAccount {
  const account = new MemoryAccount()
  account.credit({ operationId: 'first', amount: 20_000 as never, description: 'First' })
  const reservationIds: string[] = []
  for (const command of commands) {
    const step = createStep(command, reservationIds)
    account.nowMs += 1
    const answer = step.run(account) as LooseAnswer
    if (step.name === 'reserve' && answer.ok && !answer.replayed && answer.reservationId) {
      reservationIds.push(answer.reservationId)
    }
    look({ answer, content: step.content, account })
  }
  return account
}

const sequences = randomCommands({ minLength: 1, maxLength: 120 })
const manyRuns = { numRuns: 300 }

describe('whatever is asked of an account, in whatever order', () => {
  it('its balance is the sum of its moving entries and never below zero', () => {
    fc.assert(
      fc.property(sequences, (commands) => {
        play(commands, ({ account }) => {
          expect(account.balance).toBe(sumOfMovingEntries(account.entries))
          expect(account.balance).toBeGreaterThanOrEqual(0)
        })
      }),
      manyRuns,
    )
  })

  it('every entry starts from the balance that the one before left', () => {
    fc.assert(
      fc.property(sequences, (commands) => {
        const { entries } = play(commands, () => {})
        let balance = 0
        for (const entry of entries) {
          expect(entry.balanceBefore).toBe(balance)
          balance += entry.status === 'aborted' ? 0 : entry.amount
          expect(entry.balanceAfter).toBe(balance)
        }
      }),
      manyRuns,
    )
  })

  it('a repeated operation gets its first answer again and moves nothing', () => {
    let replays = 0
    fc.assert(
      fc.property(sequences, (commands) => {
        const firsts = new Map<string, LooseAnswer>()
        let balance = 20_000
        let length = 1
        play(commands, ({ answer, content, account }) => {
          const first = firsts.get(content)
          if (first !== undefined) {
            replays += 1
            expect(answer).toEqual({ ...first, replayed: true })
            expect(account.balance).toBe(balance)
            expect(account.entries).toHaveLength(length)
          } else if (answer.ok && !answer.replayed) firsts.set(content, answer)
          balance = account.balance
          length = account.entries.length
        })
      }),
      manyRuns,
    )
    expect(replays).toBeGreaterThan(1_000)
  })

  it('a reservation ends at most once, and gives back exactly what was not spent', () => {
    let ended = 0
    fc.assert(
      fc.property(sequences, (commands) => {
        const { entries, reservations } = play(commands, () => {})
        for (const { id, amount, ending } of reservations.values()) {
          const refunds = entries.filter(
            ({ operationType, reservationId }) =>
              operationType === 'refund' && reservationId === id,
          )
          const refunded = refunds.reduce((sum, refund) => sum + refund.amount, 0)
          expect(refunds.length).toBeLessThanOrEqual(1)
          expect(refunded).toBe(ending === null ? 0 : amount - ending.spent)
          const { status } = entries.find((entry) => entry.id === id) ?? {}
          expect(status === 'pending').toBe(ending === null)
          if (ending !== null) ended += 1
        }
      }),
      manyRuns,
    )
    expect(ended).toBeGreaterThan(1_000)
  })

  it('what is reserved is the sum of the reservations that have not ended', () => {
    fc.assert(
      fc.property(sequences, (commands) => {
        const { account, reservations } = play(commands, () => {})
        const pending = [...reservations.values()].filter(({ ending }) => ending === null)
        expect(account.reserved).toBe(pending.reduce((sum, { amount }) => sum + amount, 0))
      }),
      manyRuns,
    )
  })

  it('a refusal changes nothing but the record of what was denied', () => {
    let refusals = 0
    fc.assert(
      fc.property(sequences, (commands) => {
        let before = { balance: 20_000, length: 1 }
        play(commands, ({ answer, account }) => {
          if (!answer.ok) {
            refusals += 1
            const denied = answer.code === 'tokens.insufficient' ? 1 : 0
            expect(account.balance).toBe(before.balance)
            expect(account.entries).toHaveLength(before.length + denied)
          }
          before = { balance: account.balance, length: account.entries.length }
        })
      }),
      manyRuns,
    )
    expect(refusals).toBeGreaterThan(1_000)
  })

  it('a closed account takes no recharge and no reservation', () => {
    fc.assert(
      fc.property(sequences, (commands) => {
        let wasClosed = false
        let granted = 0
        play(commands, ({ account }) => {
          const credits = account.entries.filter(
            ({ operationType, status }) => operationType !== 'refund' && status !== 'aborted',
          ).length
          if (wasClosed) expect(credits).toBe(granted)
          wasClosed = account.account.isClosed
          granted = credits
        })
      }),
      manyRuns,
    )
  })
})
