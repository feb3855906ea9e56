import { formatTokens, type TokenAmount } from '../ledger/amounts.ts'
import { createRefusalError } from '../ledger/ledger.errors.ts'
import type { Services } from '../services.ts'
import { findLiveUserByEmail } from '../users/users.repository.ts'
import type { UserRow } from '../users/users.table.ts'
import { adminErrors } from './admin.errors.ts'

export interface Recharge {
  /** The person whose account is recharged. */
  readonly email: string
  readonly amount: TokenAmount
  /** The caller's name for this recharge: sent again with the same name it gets the first answer and adds nothing. */
  readonly idempotencyKey?: string | undefined
}

/**
 * Adds tokens to a live user's account, and answers the balance after it.
 * Throws `admin.user_not_found`, the ledger's refusals, and `tokens.operation_conflict` for a key used with other content.
 */
export async function rechargeTokens(
  { database, ledger, createId }: Pick<Services, 'database' | 'ledger' | 'createId'>,
  { administrator, recharge }: { administrator: UserRow; recharge: Recharge },
): Promise<{ user: UserRow; newBalance: TokenAmount }> {
  const user = await findLiveUserByEmail(database, recharge.email)
  if (user === undefined) {
    throw adminErrors.createError('admin.user_not_found', 'Target user not found')
  }
  const answer = await ledger.credit(user.id, {
    operationId: `admin_recharge_${administrator.id}_${recharge.idempotencyKey ?? createId()}`,
    amount: recharge.amount,
    description: `Admin recharge by ${administrator.email}: +${formatTokens(recharge.amount)} tokens`,
  })
  if (!answer.ok) throw createRefusalError(answer)
  return { user, newBalance: answer.balance }
}
