import { defineErrors } from '../shared/errors.ts'

export const datasetErrors = defineErrors({
  'datasets.name_required': 400,
  'datasets.name_invalid': 400,
  'datasets.name_taken': 400,
  'datasets.tags_invalid': 400,
  'datasets.nothing_to_update': 400,
  'datasets.no_changes': 400,
  'datasets.not_found': 404,
  'datasets.file_not_found': 404,
})

export function createDatasetNotFound(message = 'Dataset not found') {
  return datasetErrors.createError('datasets.not_found', message)
}
