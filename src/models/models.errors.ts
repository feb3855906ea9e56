import { defineErrors } from '../shared/errors.ts'

export const modelErrors = defineErrors({
  'models.unavailable': 503,
})
