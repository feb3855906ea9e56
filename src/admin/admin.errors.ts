import { defineErrors } from '../shared/errors.ts'

export const adminErrors = defineErrors({
  'admin.user_not_found': {
    status: 404,
    hint: 'No account that is not deleted has this e-mail address. Check its spelling.',
    meaning:
      'No account that exists has this e-mail address: it was never registered, is spelt otherwise, or its account was deleted.',
    remedy:
      'Check the spelling; upper and lower case make no difference. `GET /api/admin/datasets` and `GET /api/admin/inferences` show users with their e-mail addresses. Nothing was recharged.',
  },
})
