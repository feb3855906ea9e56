import { defineErrors } from '../shared/errors.ts'

export const reconciliationErrors = defineErrors({
  'reconciliation.not_found': 404,
})
