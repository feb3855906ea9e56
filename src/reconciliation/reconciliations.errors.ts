import { defineErrors } from '../shared/errors.ts'

export const reconciliationErrors = defineErrors({
  'reconciliation.not_found': {
    status: 404,
    meaning:
      'There is no reconciliation with this id: it was never started, or the id is cut or mistyped.',
    remedy:
      'Take an id from `GET /api/admin/reconciliations`, or start one by `POST /api/admin/reconciliations`. Reading and starting them costs no tokens.',
  },
})
