import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../shared/database.ts'
import type { SettleInference } from '../settle-inference.ts'
import { type ClaimedTask, finishTask, type Outcomes } from './tasks.repository.ts'

export interface EndTaskContext {
  readonly database: Database
  readonly settleInference: SettleInference
  readonly clock: Clock
  readonly gramsPerJoule: number
}

/** Ends a held task with its last outcomes; an inference whose last task it was ends with it and is settled. */
export async function endTask(
  context: EndTaskContext,
  task: ClaimedTask,
  outcomes: Outcomes,
): Promise<void> {
  const inference = await finishTask(context.database, task, {
    outcomes,
    gramsPerJoule: context.gramsPerJoule,
    nowMs: context.clock.nowMs(),
  })
  if (inference) await context.settleInference(inference)
}
