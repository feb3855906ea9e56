import type { MediaStore } from '../../media/store.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../shared/database.ts'
import { describeError, type Logger } from '../../shared/logger.ts'
import type { SettleInference } from '../settle-inference.ts'
import { deleteSegments } from '../videos/delete-segments.ts'
import type { ClaimedTask } from './claims.repository.ts'
import { finishTask, type TaskOutcome } from './endings.repository.ts'
import type { SendTasks } from './tasks.queue.ts'

export interface EndTaskContext {
  readonly database: Database
  readonly media: Pick<MediaStore, 'deleteMany'>
  readonly settleInference: SettleInference
  readonly sendTasks: SendTasks
  readonly clock: Clock
  readonly gramsPerJoule: number
  readonly logger: Logger
}

/**
 * Ends a held task with its last outcomes and sends what was waiting for it; an inference whose last task it was ends with
 * it and is settled.
 */
export async function endTask(
  context: EndTaskContext,
  task: ClaimedTask,
  outcome: TaskOutcome,
): Promise<void> {
  const { ended, ready } = await finishTask(context.database, task, {
    outcome,
    gramsPerJoule: context.gramsPerJoule,
    nowMs: context.clock.nowMs(),
  })
  if (ready.length > 0) {
    try {
      await context.sendTasks(ready)
    } catch (error) {
      // The sweep sends what has waited too long.
      const { inferenceId } = task
      context.logger.warn('inference.send_failed', { inferenceId, ...describeError(error) })
    }
  }
  if (!ended) return
  if (task.frameCount > 0) await deleteSegments(context, ended)
  await context.settleInference(ended)
}
