import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../shared/database.ts'
import { describeError, type Logger } from '../../shared/logger.ts'
import { taskLeaseRenewalMs, taskRunMsMax } from '../inferences.lifecycle.ts'
import { type ClaimedTask, renewLease } from './claims.repository.ts'

/**
 * Runs work while the task's lease is made new again and again, so that a lease can be short and a dead holder is
 * noticed soon. The work's signal is aborted when the lease is lost to another, and after the longest time of a run.
 */
export async function keepLease<Result>(
  context: { readonly database: Database; readonly clock: Clock; readonly logger: Logger },
  task: ClaimedTask,
  work: (signal: AbortSignal) => Promise<Result>,
  runMsMax: number = taskRunMsMax[task.kind],
): Promise<Result> {
  const lost = new AbortController()
  const renew = async () => {
    try {
      const isHeld = await renewLease(context.database, task, context.clock.nowMs())
      if (!isHeld) lost.abort(new Error('The lease of the task was lost.'))
    } catch (error) {
      context.logger.warn('task.lease_not_renewed', { taskId: task.id, ...describeError(error) })
    }
  }
  const timer = setInterval(renew, taskLeaseRenewalMs)
  try {
    return await work(AbortSignal.any([lost.signal, AbortSignal.timeout(runMsMax)]))
  } finally {
    clearInterval(timer)
  }
}
