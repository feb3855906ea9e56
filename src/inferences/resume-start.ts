import type { LedgerClient } from '../ledger/ledger.client.ts'
import { findPendingReservation } from '../ledger/ledger.repository.ts'
import type { Clock } from '../shared/clock.ts'
import type { Database } from '../shared/database.ts'
import { describeError, type Logger } from '../shared/logger.ts'
import { findInference } from './inferences.repository.ts'
import type { InferenceRow } from './inferences.table.ts'
import { inferenceOperationId } from './launch-inference.ts'
import { abandonUnstarted } from './sweep.repository.ts'

/**
 * The inference that a start has written whose request broke off. Null where it had not come that far; it never will
 * then, whoever may still be busy with it: it is given up and its tokens are given back, by the sweep if not at once.
 */
export async function resumeStart(
  context: {
    readonly database: Database
    readonly ledger: Pick<LedgerClient, 'release'>
    readonly clock: Clock
    readonly logger: Logger
  },
  started: { readonly userId: string; readonly inferenceId: string },
): Promise<InferenceRow | null> {
  const { database, ledger, clock, logger } = context
  const { userId, inferenceId } = started
  const operationId = inferenceOperationId(inferenceId)
  const unstarted = await abandonUnstarted(database, {
    operationIds: [operationId],
    operationIdPrefix: inferenceOperationId(''),
    nowMs: clock.nowMs(),
  })
  if (!unstarted.has(operationId)) return findInference(database, { userId, id: inferenceId })
  try {
    const pending = await findPendingReservation(database, {
      userId,
      operationType: 'inference',
      operationId,
    })
    const reason = 'The inference could not be started'
    if (pending) {
      await ledger.release(userId, { reservationId: pending.reservationId, reason })
    }
  } catch (error) {
    logger.warn('inference.reservation_released_late', { operationId, ...describeError(error) })
  }
  return null
}
