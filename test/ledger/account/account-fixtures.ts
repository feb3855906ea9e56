import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type {
  TokenAccount,
  TokenAccountMeans,
} from '../../../src/ledger/account/token-account.object.ts'
import { createAmount } from '../../../src/ledger/amounts.ts'
import type { Entry } from '../../../src/ledger/ledger.model.ts'
import type { TransactionRow } from '../../../src/ledger/ledger.table.ts'
import { createDatabase } from '../../../src/shared/database.ts'
import type { Logger } from '../../../src/shared/logger.ts'

export const database = createDatabase(env.DB)

/** For deliveries that are meant to fail. */
export const silentLogger: Logger = { info() {}, warn() {}, error() {} }

export type AccountStub = ReturnType<typeof env.TOKEN_ACCOUNTS.getByName>

/** A user's real account object, opened with so many thousandths. */
export async function openAccount(thousandths: number) {
  const userId = crypto.randomUUID()
  const account = env.TOKEN_ACCOUNTS.getByName(userId)
  const amount = createAmount(thousandths)
  await account.open({ operationId: `open:${userId}`, amount, description: 'Initial grant' })
  return { userId, account }
}

/** Reserves, and answers the reservation's id. */
export async function reserveOrFail(
  account: AccountStub,
  thousandths: number,
  more: { operationId?: string; expiresAtMs?: number } = {},
): Promise<string> {
  const answer = await account.reserve({
    operationId: crypto.randomUUID(),
    operationType: 'dataset_upload',
    amount: createAmount(thousandths),
    ...more,
  })
  if (!answer.ok) throw new Error(`The reservation was refused: ${answer.code}`)
  return answer.reservationId
}

/** Gives the account another clock, log or projection, until it is evicted. */
export function replaceMeans(account: AccountStub, means: Partial<TokenAccountMeans>) {
  return runInDurableObject(account, (instance: TokenAccount) => {
    Object.assign(instance.means, means)
  })
}

/** All that the account has on record, oldest first. */
export async function readEntries(account: AccountStub): Promise<Entry[]> {
  const { entries } = await account.statement({ limit: 1000 })
  return entries.toReversed()
}

/** All that the projection knows of a user's account, oldest first. */
export async function readProjection(userId: string) {
  const { results } = await env.DB.prepare(
    `SELECT id, sequence, operation_type AS operationType, operation_id AS operationId,
      reservation_id AS reservationId, amount, balance_before AS balanceBefore,
      balance_after AS balanceAfter, status, description, version, created_at AS createdAt
    FROM token_transactions WHERE user_id = ? ORDER BY sequence`,
  )
    .bind(userId)
    .all<Omit<TransactionRow, 'userId'>>()
  return results
}

export function readProjectedAccount(userId: string) {
  return env.DB.prepare('SELECT balance, version FROM token_accounts WHERE user_id = ?')
    .bind(userId)
    .first<{ balance: number; version: number }>()
}
