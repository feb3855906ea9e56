import { createAmount, type TokenAmount } from '../ledger/amounts.ts'
import type { LedgerClient } from '../ledger/ledger.client.ts'
import type { Refusal } from '../ledger/ledger.model.ts'
import type { Services } from '../services.ts'
import { describeError } from '../shared/logger.ts'
import { listUsersWithoutAccount } from './users.repository.ts'

/** What every new user is given. */
export const initialGrant = createAmount(100_000)

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
/** An account tells D1 of itself within seconds of being opened; who has none a minute on has probably not got one. */
const settlingMs = minuteMs
/** How far back to look, which bounds what each sweep reads. */
const lookBackMs = 7 * dayMs
const accountsPerSweep = 50

/** How an account that is open refuses to be opened again: under another operation, or with another grant. */
const openAlready: ReadonlySet<Refusal['code']> = new Set([
  'account.already_open',
  'operation.conflict',
])

/** Opens the user's token account with its grant. Doing it again changes nothing, nor does a different grant. */
export async function openAccount(
  ledger: Pick<LedgerClient, 'open'>,
  { userId, grant }: { userId: string; grant: TokenAmount },
): Promise<void> {
  const answer = await ledger.open(userId, {
    operationId: `open:${userId}`,
    amount: grant,
    description: 'Initial grant',
  })
  if (answer.ok || openAlready.has(answer.code)) return
  throw new Error(`The token account of ${userId} was not opened: ${answer.code}.`)
}

/**
 * For the sweep: opens the accounts of users whose registration was cut off before theirs was opened. One that cannot be
 * opened keeps no other from it, and is tried again by the next sweep.
 * Answers how many accounts it found missing.
 */
export async function openMissingAccounts(
  services: Pick<Services, 'database' | 'clock' | 'ledger' | 'logger'>,
): Promise<number> {
  const nowMs = services.clock.nowMs()
  const found = await listUsersWithoutAccount(services.database, {
    afterMs: nowMs - lookBackMs,
    beforeMs: nowMs - settlingMs,
    limit: accountsPerSweep,
  })
  for (const { id: userId } of found) {
    try {
      await openAccount(services.ledger, { userId, grant: initialGrant })
      await services.ledger.flush(userId)
      services.logger.info('users.account_opened_late', { userId })
    } catch (error) {
      services.logger.error('users.account_not_opened', { userId, ...describeError(error) })
    }
  }
  return found.length
}
