import { ApiError } from '../shared/errors.ts'
import { inferenceErrors } from './inferences.errors.ts'
import { hasEnded } from './inferences.lifecycle.ts'
import type { InferenceRow } from './inferences.table.ts'
import { launchInference } from './launch-inference.ts'
import { chooseModelOrThrow } from './parameters.rules.ts'
import { planTasks } from './plan-tasks.ts'
import { findLiveRetry, isDatasetLive, listFailedItems } from './retry.repository.ts'
import { paceOfChosen, type StartInferenceContext } from './start-inference.ts'
import { readStoredParameters } from './stored-parameters.rules.ts'

/**
 * Tries the failed items of an ended inference again, as a new inference of the same user, dataset, model and parameters,
 * which costs what a start costs. Each picture and each frame is filled and stored on its own; no video is put together.
 * Throws `inferences.not_ended`, `inferences.retry_running`, `inferences.nothing_to_retry`, `inferences.dataset_gone`,
 * `inferences.owner_cannot_pay`, and what a start throws.
 */
export async function retryInference(
  context: StartInferenceContext,
  retried: InferenceRow,
  by: { readonly id: string; readonly requestId: string; readonly retryId: string },
): Promise<void> {
  if (!hasEnded(retried.state)) {
    throw inferenceErrors.createError(
      'inferences.not_ended',
      `The inference is ${retried.state}. Its failed items can be tried again when it has ended.`,
      { status: retried.state },
    )
  }
  const live = await findLiveRetry(context.database, retried)
  if (live) {
    throw inferenceErrors.createError(
      'inferences.retry_running',
      `Items of this inference are being tried again by the inference ${live.id}. Wait until it has ended.`,
      { inferenceId: live.id },
    )
  }
  const items = await listFailedItems(context.database, retried)
  if (items.length === 0) throw createNothingToRetry(retried)
  if (!(await isDatasetLive(context.database, retried.datasetId))) {
    throw inferenceErrors.createError(
      'inferences.dataset_gone',
      `The dataset ${retried.datasetName} was deleted, so that its items cannot be tried again. Its owner can upload them into another one.`,
    )
  }
  const known = await context.models.find()
  const { resolvedModelId } = readStoredParameters(retried)
  const chosen = chooseModelOrThrow(resolvedModelId ?? retried.modelId, known?.list ?? null)
  const retry = launchInference(context, {
    id: by.retryId,
    userId: retried.userId,
    dataset: {
      id: retried.datasetId,
      name: retried.datasetName,
      itemCount: items.length,
      frameCount: items.filter((item) => item.kind === 'frame').length,
    },
    modelId: retried.modelId,
    parameters: retried.parameters,
    resultExtension: null,
    tasks: planTasks(items, paceOfChosen(chosen)),
    sequences: new Map(),
    retryOf: retried.id,
    audit: {
      atMs: context.nowMs,
      actor: { id: by.id, role: 'admin' },
      action: 'inference.retried',
      subjectKind: 'inference',
      subjectId: retried.id,
      ownerId: retried.userId,
      requestId: by.requestId,
      details: { retryId: by.retryId, items: items.length },
    },
  })
  await retry.catch(throwForAdministrator)
}

/** It is not the administrator's login that is refused, nor their balance. */
function throwForAdministrator(error: unknown): never {
  if (!(error instanceof ApiError) || error.code !== 'tokens.insufficient') throw error
  const { required, balance, shortfall } = error.details
  throw inferenceErrors.createError(
    'inferences.owner_cannot_pay',
    `The owner of the inference has ${balance} tokens, and trying its failed items again costs ${required}. Recharge their account with at least ${shortfall} tokens first. Nothing was charged.`,
    { required, balance, shortfall },
  )
}

function createNothingToRetry({ state, itemCount, failedCount }: InferenceRow) {
  const why =
    failedCount === 0
      ? `none of its ${itemCount} items failed`
      : `each of its ${failedCount} failed items was made by an earlier retry`
  return inferenceErrors.createError(
    'inferences.nothing_to_retry',
    `There is nothing to try again: the inference is ${state}, and ${why}.`,
    { status: state, failedItems: failedCount },
  )
}
