import { describe, expect, it } from 'vitest'
import { openMissingAccounts } from '../../src/users/open-accounts.ts'
import { registerUser } from '../../src/users/register-user.ts'
import { createPerson, createRegistration, quickHasher, silentLogger } from '../support/people.ts'
import { services } from '../support/world.ts'

describe('a registration whose account could not be opened', () => {
  const minuteMs = 60_000
  const failingLedger = {
    ...services.ledger,
    open: () => Promise.reject(new Error('The object is not there.')),
  }

  async function registerWithoutAccount() {
    const { user, tokens } = await registerUser(
      { ...services, ledger: failingLedger, passwords: quickHasher, logger: silentLogger },
      createRegistration(),
    )
    expect(tokens).toBe(100)
    return user
  }

  const sweepAt = (nowMs: number) =>
    openMissingAccounts({ ...services, logger: silentLogger, clock: { nowMs: () => nowMs } })

  it('gets it from the sweep, once', async () => {
    const user = await registerWithoutAccount()
    await sweepAt(user.createdAt + 2 * minuteMs)
    expect(await services.ledger.balance(user.id)).toBe(100_000)
    await services.ledger.flush(user.id)
    await sweepAt(user.createdAt + 3 * minuteMs)
    expect(await services.ledger.balance(user.id)).toBe(100_000)
  })

  it('gets it even when another user’s cannot be opened', async () => {
    const unlucky = await registerWithoutAccount()
    const user = await registerWithoutAccount()
    const ledger = {
      ...services.ledger,
      open: (...[userId, command]: Parameters<typeof services.ledger.open>) =>
        userId === unlucky.id ? failingLedger.open() : services.ledger.open(userId, command),
    }
    const clock = { nowMs: () => user.createdAt + 2 * minuteMs }
    await openMissingAccounts({ ...services, ledger, clock, logger: silentLogger })
    expect(await services.ledger.balance(user.id)).toBe(100_000)
    expect(await services.ledger.balance(unlucky.id)).toBe(0)
  })

  it('keeps the grant of an account that was open all along', async () => {
    const { user } = await createPerson({ tokens: 1000 })
    await services.ledger.flush(user.id)
    const forget = 'DELETE FROM token_accounts WHERE user_id = ?'
    await services.database.raw.prepare(forget).bind(user.id).run()
    await sweepAt(user.createdAt + 2 * minuteMs)
    expect(await services.ledger.balance(user.id)).toBe(1_000_000)
  })

  it('is left alone for a minute, while it may still be under way', async () => {
    const user = await registerWithoutAccount()
    await sweepAt(user.createdAt + minuteMs - 1)
    expect(await services.ledger.balance(user.id)).toBe(0)
  })

  it('gets none once the user is deleted', async () => {
    const user = await registerWithoutAccount()
    await services.database.raw
      .prepare('UPDATE users SET deleted_at = 1 WHERE id = ?')
      .bind(user.id)
      .run()
    await sweepAt(user.createdAt + 2 * minuteMs)
    expect(await services.ledger.balance(user.id)).toBe(0)
  })
})
