import { formatTime } from '../shared/clock.ts'
import { defineErrors } from '../shared/errors.ts'

export const inferenceErrors = defineErrors({
  'inferences.dataset_required': 400,
  'inferences.dataset_not_found': 404,
  'inferences.dataset_empty': 400,
  'inferences.parameters_invalid': 400,
  'inferences.model_unknown': 400,
  'inferences.id_invalid': 400,
  'inferences.not_found': 404,
  'inferences.not_completed': 400,
  'inferences.job_not_found': 404,
  'inferences.file_not_found': 404,
  'inferences.no_results': 400,
  'inferences.not_ended': 409,
  'inferences.ended': 409,
  'inferences.too_many_running': 429,
  'inferences.start_given_up': 409,
  'inferences.nothing_to_retry': 409,
  'inferences.retry_running': 409,
  'inferences.dataset_gone': 409,
  'inferences.owner_cannot_pay': 409,
  'inferences.results_deleted': 410,
})

/** Results that their user deleted never come back; the inference itself stays. */
export function createResultsDeleted(deletedAtMs: number) {
  const deletedAt = formatTime(deletedAtMs)
  return inferenceErrors.createError(
    'inferences.results_deleted',
    `The results of this inference were deleted at ${deletedAt}. Start another inference over the dataset to make new ones.`,
    { deletedAt },
  )
}
