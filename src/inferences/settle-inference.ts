import { createAmount } from '../ledger/amounts.ts'
import type { LedgerClient } from '../ledger/ledger.client.ts'
import type { Clock } from '../shared/clock.ts'
import type { Database } from '../shared/database.ts'
import { describeError, type Logger } from '../shared/logger.ts'
import { markSettled } from './inferences.repository.ts'
import type { EndedInference } from './tasks/endings.repository.ts'

export type SettleInference = (inference: EndedInference) => Promise<void>

/**
 * Pays for an ended inference's finished work from its reservation and refunds the rest, once however often it is called.
 * A failure is left to the sweep: the inference stays ended and unsettled.
 */
export function createSettleInference(context: {
  database: Database
  ledger: Pick<LedgerClient, 'settle'>
  clock: Clock
  logger: Logger
}): SettleInference {
  return async (inference) => {
    try {
      const settled = await context.ledger.settle(inference.userId, {
        reservationId: inference.reservationId,
        spent: createAmount(inference.spent),
      })
      // A refusal is the ledger's last word (the reservation ended otherwise): asking again every minute changes nothing.
      if (!settled.ok) {
        context.logger.error('inference.settle_refused', { id: inference.id, refusal: settled })
      }
      await markSettled(context.database, { id: inference.id, nowMs: context.clock.nowMs() })
    } catch (error) {
      context.logger.warn('inference.settle_failed', { id: inference.id, ...describeError(error) })
    }
  }
}
