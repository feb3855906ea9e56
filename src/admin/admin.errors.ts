import { defineErrors } from '../shared/errors.ts'

export const adminErrors = defineErrors({
  'admin.user_not_found': 404,
})
