import { evictDurableObject } from 'cloudflare:test'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  openAccount,
  readEntries,
  readProjectedAccount,
  readProjection,
} from './account-fixtures.ts'
import { MemoryAccount, sumOfMovingEntries } from './memory-account.ts'
import { createStep, randomCommands } from './random-commands.ts'

interface LooseAnswer {
  readonly ok: boolean
  readonly replayed?: boolean
  readonly reservationId?: string
  readonly entryId?: string
}

const sequences = randomCommands({ minLength: 20, maxLength: 40 })
const initialGrant = 20_000

/** Ids differ between the account and the rules in memory; all else must agree. */
function withoutIds(answer: LooseAnswer) {
  const { reservationId: _, entryId: __, ...rest } = answer
  return rest
}

describe('a real token account, through random operations, replays, refusals and evictions', () => {
  it('answers as the rules say, and its ledger and the projection agree in the end', async () => {
    const total = { operations: 0, replays: 0, refusals: 0 }
    await fc.assert(
      fc.asyncProperty(sequences, fc.nat({ max: 39 }), async (commands, evictAt) => {
        const { userId, account } = await openAccount(initialGrant)
        const model = new MemoryAccount()
        model.open({
          operationId: `open:${userId}`,
          amount: initialGrant as never,
          description: 'Initial grant',
        })
        const ids = { real: [] as string[], model: [] as string[] }

        for (const [index, command] of commands.entries()) {
          if (index === evictAt) await evictDurableObject(account)
          const answer = (await createStep(command, ids.real).run(account)) as LooseAnswer
          const expected = createStep(command, ids.model).run(model) as LooseAnswer
          expect(withoutIds(answer)).toEqual(withoutIds(expected))
          total.operations += 1
          if (answer.replayed) total.replays += 1
          if (!answer.ok) total.refusals += 1
          if (!answer.replayed && answer.reservationId && expected.reservationId) {
            ids.real.push(answer.reservationId)
            ids.model.push(expected.reservationId)
          }
        }

        const entries = await readEntries(account)
        const balance = await account.balance()
        expect(balance).toBe(sumOfMovingEntries(entries))
        expect(balance).toBe(model.balance)
        expect(balance).toBeGreaterThanOrEqual(0)
        expect(entries.map(({ amount, status }) => [amount, status])).toEqual(
          model.entries.map(({ amount, status }) => [amount, status]),
        )
        expect(await account.flush()).toEqual({ ok: true })
        expect(await readProjection(userId)).toEqual(entries)
        expect(await readProjectedAccount(userId)).toEqual({ balance, version: entries.length })
      }),
      { numRuns: 12 },
    )
    expect(total.operations).toBeGreaterThan(200)
    expect(total.replays).toBeGreaterThan(20)
    expect(total.refusals).toBeGreaterThan(20)
  })
})
