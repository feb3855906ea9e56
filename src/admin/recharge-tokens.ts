import { recordAuditOnce } from '../audit/audit-log.repository.ts'
import { formatTokens, type TokenAmount } from '../ledger/amounts.ts'
import { createRefusalError } from '../ledger/ledger.errors.ts'
import type { Services } from '../services.ts'
import { describeError } from '../shared/logger.ts'
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
  { database, ledger, clock, logger }: Pick<Services, 'database' | 'ledger' | 'clock' | 'logger'>,
  {
    administrator,
    recharge,
    requestId = null,
  }: { administrator: UserRow; recharge: Recharge; requestId?: string | null },
): Promise<{ user: UserRow; newBalance: TokenAmount }> {
  const user = await findLiveUserByEmail(database, recharge.email)
  if (user === undefined) {
    throw adminErrors.createError('admin.user_not_found', 'Target user not found')
  }
  const operationId = `admin_recharge_${administrator.id}_${recharge.id}`
  const answer = await ledger.credit(user.id, {
    operationId,
    amount: recharge.amount,
    description: `Admin recharge by ${administrator.email}: +${formatTokens(recharge.amount)} tokens`,
  })
  if (!answer.ok) throw createRefusalError(answer)
  try {
    await recordAuditOnce(database, {
      atMs: clock.nowMs(),
      actor: administrator,
      action: 'tokens.recharged',
      subjectKind: 'account',
      subjectId: user.id,
      ownerId: user.id,
      requestId,
      operationId,
      details: { tokens: formatTokens(recharge.amount), balance: formatTokens(answer.balance) },
    })
  } catch (error) {
    // The tokens are there, and the ledger's entry tells who gave them: a refusal now would have them given twice.
    logger.error('audit.not_recorded', { operationId, ...describeError(error) })
  }
  return { user, newBalance: answer.balance }
}
