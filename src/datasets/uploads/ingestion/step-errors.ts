import { createServiceRefusal } from '../../../inference-service/service.errors.ts'
import type { CallFailure } from '../../../inference-service/service-call.ts'
import type { ApiError } from '../../../shared/errors.ts'
import { StepInterrupted } from './ingestion.model.ts'

const brokenRetrySeconds = 2

/** What a call that did not end well means for the step that made it. */
export function toStepError(failure: CallFailure): ApiError | StepInterrupted {
  if (failure.kind === 'refused') return createServiceRefusal(failure)
  if (failure.kind === 'busy') {
    return new StepInterrupted('the inference service is busy', failure.retryAfterSeconds, false)
  }
  return new StepInterrupted(failure.reason, brokenRetrySeconds, true, toldOf(failure))
}

/** Why a connection broke is for the log: it may name places that are nobody's business. */
function toldOf({ code }: { readonly code?: string }): string {
  return code === undefined
    ? 'the inference service did not answer as it should'
    : `the inference service told ${code}`
}
