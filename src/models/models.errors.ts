import { defineErrors } from '../shared/errors.ts'

export const modelErrors = defineErrors({
  'models.unavailable': {
    status: 503,
    meaning:
      'The inference service does not answer at the moment, or is still setting this model up, so that nobody can say whether the model can be used or what parameters it takes. `message` says which of these it is.',
    remedy:
      'Send the request again after as many seconds as the header `Retry-After` says. To start at once, leave `modelId` out or name `patchmatch`, `telea` or `navier-stokes` without parameters of their own: such inferences are taken and wait for the service. Nothing was charged.',
  },
})
