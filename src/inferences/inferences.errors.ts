import { formatTime } from '../shared/clock.ts'
import { defineErrors } from '../shared/errors.ts'

export const inferenceErrors = defineErrors({
  'inferences.dataset_required': {
    status: 400,
    hint: "Send it in a JSON body, as 'datasetName'.",
    meaning:
      'The request does not say which dataset to work on: `datasetName` is missing, empty, only spaces, or not text.',
    remedy:
      'Send the dataset\'s name in the JSON body, as in `{"datasetName": "My photos"}`. Nothing was started and nothing was charged.',
  },
  'inferences.dataset_not_found': {
    status: 404,
    hint: 'GET /api/datasets/ lists your datasets. Upper and lower case of a name count.',
    meaning:
      "You have no dataset of this name to work on: it was never made, was deleted (perhaps at this very moment) or renamed, or is somebody else's.",
    remedy:
      'Take the name from `GET /api/datasets/`; upper and lower case count. Nothing was started and nothing was charged.',
  },
  'inferences.dataset_empty': {
    status: 400,
    hint: 'Add pictures or videos with their masks by POST /api/datasets/data first.',
    meaning:
      'The dataset is there but has no items, so that there is nothing to inpaint. Items of an upload that is still being processed do not count yet.',
    remedy:
      'Add pictures or videos with their masks by `POST /api/datasets/data`; if that answered 202, wait until its `upload` is `COMPLETED`. Then start again. Nothing was started and nothing was charged.',
  },
  'inferences.parameters_invalid': {
    status: 400,
    meaning:
      '`parameters` holds what this inference cannot be told: an unknown name, a value outside its range or of the wrong type, or more than 1000 bytes of JSON. `message` says what is wrong; `model`, `modelParameters` and `allowed` say what the chosen model takes.',
    remedy:
      "Correct the value that the message names, or leave it out for its default. `GET /api/models` lists each model's own parameters with their ranges; `outputFormat`, `quality` and `temporal` go with every model. Nothing was started and nothing was charged.",
  },
  'inferences.model_unknown': {
    status: 400,
    meaning:
      'There is no model of this name that can be used now: the name is mistyped, or the model is not set up in this installation. `available` lists those that are.',
    remedy:
      'Choose one of `available` as `modelId`, or leave it out for the default. `GET /api/models` tells what each is good at. Nothing was started and nothing was charged.',
  },
  'inferences.id_invalid': {
    status: 400,
    hint: "An inference's id is a UUID: inference.id in the answer to POST /api/inferences/. The jobId is for /api/inferences/job/:jobId/status alone.",
    meaning:
      'The id in the address is not one of an inference: those are UUIDs, such as `0198c0de-7a4b-7c3e-9d21-5b0e6f1a2c3d`.',
    remedy:
      'Use `inference.id` of the answer to `POST /api/inferences/`. The number `jobId` belongs into `GET /api/inferences/job/:jobId/status` only.',
  },
  'inferences.not_found': {
    status: 404,
    hint: 'GET /api/inferences/ lists your inferences.',
    meaning:
      "You have no inference with this id: it is mistyped, or the inference is another user's, which is told in the same way.",
    remedy:
      "Take the id from `GET /api/inferences/`; administrators see everybody's under `/api/admin/inferences`.",
  },
  'inferences.not_completed': {
    status: 400,
    hint: 'GET /api/inferences/:id tells how far it is, or why it failed.',
    meaning:
      'The inference has not ended yet, or it ended without results, so that there is nothing to show. `status` tells its state.',
    remedy:
      'While it is `PENDING` or `RUNNING`, ask `GET /api/inferences/job/:jobId/status` until it has ended, then ask again; what is made so far can be had by `GET /api/inferences/:id/results.zip`. If it is `FAILED`, `GET /api/inferences/:id` tells why each item failed; what failed was refunded.',
  },
  'inferences.job_not_found': {
    status: 404,
    hint: "Use jobId of the answer to POST /api/inferences/, or GET /api/inferences/:id with the inference's id.",
    meaning:
      "You have no job with this number: it is mistyped or not a number, or the job is another user's.",
    remedy:
      'Use `jobId` of the answer to `POST /api/inferences/`, or look the inference up by its id: `GET /api/inferences/:id`.',
  },
  'inferences.file_not_found': {
    status: 404,
    hint: 'GET /api/inferences/:id/results tells the files, as outputPath and downloadUrl.',
    meaning:
      'The inference is yours, but it made no result of this file name. Names are compared as a whole.',
    remedy:
      'Take the name from `outputPath` in `GET /api/inferences/:id/results`, the part after the last `/`; the `downloadUrl` beside it works without a header.',
  },
  'inferences.no_results': {
    status: 400,
    meaning:
      'There is nothing to put into the archive: no item of the inference has succeeded yet, or none did. `status` is its state, `itemCount` how many items it has and `failedItems` how many of them failed.',
    remedy:
      'While it runs, ask again later. If it has ended, `GET /api/inferences/:id` tells why each item failed; mend that and start another inference. Items that failed were refunded.',
  },
  'inferences.not_ended': {
    status: 409,
    meaning:
      'The inference still runs, and what you asked for needs it to have ended: its results can be deleted, and its failed items tried again, only then. `status` is its state.',
    remedy:
      'Wait until it has ended (`GET /api/inferences/:id`), or end it by `POST /api/inferences/:id/abort`: what succeeded is kept and paid, the rest is refunded. Then send this request again. Nothing was changed.',
  },
  'inferences.ended': {
    status: 409,
    meaning:
      'The inference ended before the abort came, so that there is nothing left to abort. `status` says how it ended.',
    remedy:
      'There is nothing to do. `GET /api/inferences/:id` shows what it made and what it cost; what it did not make was refunded.',
  },
  'inferences.too_many_running': {
    status: 429,
    meaning:
      'As many of your inferences are waiting or running as one account may have at once. `running` is how many they are, `limit` the most (`JOBS_RUNNING_PER_USER_MAX`, 50 unless told otherwise).',
    remedy:
      'Wait until one has ended, or end one by `POST /api/inferences/:id/abort`, and send the request again; the header `Retry-After` says after how many seconds to try. One inference over a large dataset runs as fast as many over small ones. Nothing was charged.',
  },
  'inferences.start_given_up': {
    status: 409,
    meaning:
      'The start took so long (more than 5 minutes), or was sent a second time meanwhile, that it was given up and can no longer take effect.',
    remedy:
      'Look at `GET /api/inferences/` whether another start of yours took effect. If none did, send the request again, with an `Idempotency-Key`. What this one had reserved was returned, and nothing was charged.',
  },
  'inferences.nothing_to_retry': {
    status: 409,
    meaning:
      "None of the inference's items is left to be tried again: none failed, or an earlier retry made those that did. `failedItems` is how many had failed, `status` how it ended.",
    remedy:
      'There is nothing to do. To have items made in another way, start a new inference over the dataset. Nothing was charged.',
  },
  'inferences.retry_running': {
    status: 409,
    meaning:
      'The failed items of this inference are being tried again already, by another retry; `inferenceId` is that one, where it is known. A retry that was begun at the same moment is refused in this way too.',
    remedy:
      'Watch the running retry by `GET /api/admin/inferences/:id`. When it has ended, what it could not make may be tried again. Nothing was charged for this request.',
  },
  'inferences.dataset_gone': {
    status: 409,
    meaning:
      'The dataset of the inference was deleted, so that its pictures may be gone and its failed items cannot be tried again.',
    remedy:
      'The owner uploads the pictures into a new dataset and starts an inference over it. The failed items were refunded at the time; nothing was charged now.',
  },
  'inferences.owner_cannot_pay': {
    status: 409,
    meaning:
      'Trying failed items again costs what they cost first, and the owner of the inference, who pays for it, has too few tokens. `required` is the price, `balance` what they have and `shortfall` what is missing.',
    remedy:
      'Recharge their account by `POST /api/admin/user-tokens` with at least `shortfall` tokens, and send the retry again. Nothing was charged.',
  },
  'inferences.results_deleted': {
    status: 410,
    meaning:
      'The results of this inference were deleted by its user; `deletedAt` says when. The inference itself, with its figures, stays.',
    remedy:
      'Deleted results do not come back. Start another inference over the same dataset by `POST /api/inferences/` to make new ones, which costs tokens again; asking again for these is of no use.',
  },
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
