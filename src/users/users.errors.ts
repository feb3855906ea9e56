import { defineErrors } from '../shared/errors.ts'

export const userErrors = defineErrors({
  'auth.missing': 401,
  'auth.malformed': 401,
  'auth.invalid': 401,
  'auth.user_not_found': 401,
  'auth.bad_credentials': 401,
  'auth.too_many_failures': 429,
  'auth.admin_required': 403,
  'users.not_yours': 403,
  'users.email_taken': 400,
})
