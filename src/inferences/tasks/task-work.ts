import type { CallFailure } from '../../inference-service/service-call.ts'
import type { TaskOutcome } from './endings.repository.ts'
import type { Outcomes } from './outcomes.repository.ts'

/** How the inference service left a task. */
export type CallEnd = { readonly kind: 'ended' } | CallFailure

/** Why what is left of a task fails for good: a code, and a sentence for the user. */
export interface TaskError {
  readonly code: string
  readonly message: string
}

/** A claimed task of some kind: what is asked of the inference service, and what its answers mean. */
export interface TaskWork {
  run(): Promise<CallEnd>
  /** What was told and not written down yet, for a task that is run again. */
  takeRest(): Outcomes
  /** What the task came to, after the service has ended it. */
  end(): TaskOutcome
  /** What it came to when the rest of it fails for good. */
  fail(error: TaskError): TaskOutcome
}

export const noOutcomes: Outcomes = { succeeded: [], failed: [] }
