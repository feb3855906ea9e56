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
  /** Recharging again under the same id gets the first answer and adds nothing. */
  readonly id: string
}

/**
 * Adds tokens to a live user's account, and answers the balance after it.
 * Throws `admin.user_not_found` and the ledger's refusals.
 */
export async function rechargeTokens(
  { database, ledger }: Pick<Services, 'database' | 'ledger'>,
  { administrator, recharge }: { administrator: UserRow; recharge: Recharge },
): Promise<{ user: UserRow; newBalance: TokenAmount }> {
  const user = await findLiveUserByEmail(database, recharge.email)
  if (user === undefined) {
    throw adminErrors.createError('admin.user_not_found', 'Target user not found')
  }
  const answer = await ledger.credit(user.id, {
    operationId: `admin_recharge_${administrator.id}_${recharge.id}`,
    amount: recharge.amount,
    description: `Admin recharge by ${administrator.email}: +${formatTokens(recharge.amount)} tokens`,
  })
  if (!answer.ok) throw createRefusalError(answer)
  return { user, newBalance: answer.balance }
}
