import type { MediaStore } from '../../media/store.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../shared/database.ts'
import type { Logger } from '../../shared/logger.ts'
import type { SettleInference } from '../settle-inference.ts'
import { deleteSegments } from '../videos/delete-segments.ts'
import type { ClaimedTask } from './claims.repository.ts'
import { finishTask, type TaskOutcome } from './endings.repository.ts'
import { sendOrLeaveToSweep } from './send-or-leave.ts'
import type { SendTasks } from './tasks.queue.ts'

export interface EndTaskContext {
  readonly database: Database
  readonly media: Pick<MediaStore, 'deleteMany'>
  readonly settleInference: SettleInference
  readonly sendTasks: SendTasks
  readonly clock: Clock
  readonly gramsPerJoule: number
  readonly settings: { readonly TASKS_QUEUED_PER_USER: number }
  readonly logger: Logger
}

/**
 * Ends a held task with its last outcomes and sends what was queued in its place; an inference whose last task it was ends with
 * it and is settled.
 */
export async function endTask(
  context: EndTaskContext,
  task: ClaimedTask,
  outcome: TaskOutcome,
): Promise<void> {
  const { ended, queued } = await finishTask(context.database, task, {
    outcome,
    gramsPerJoule: context.gramsPerJoule,
    queuedMax: context.settings.TASKS_QUEUED_PER_USER,
    nowMs: context.clock.nowMs(),
  })
  await sendOrLeaveToSweep(context, queued)
  if (!ended) return
  if (task.frameCount > 0) await deleteSegments(context, ended)
  await context.settleInference(ended)
}
