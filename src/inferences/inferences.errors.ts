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
})
