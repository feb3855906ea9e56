import type { LedgerClient } from '../ledger/ledger.client.ts'
import { type PricePlan, priceInference } from '../ledger/pricing.ts'
import { type ChosenModel, defaultAlias } from '../models/choose-model.rules.ts'
import type { ModelCatalogue } from '../models/models.client.ts'
import type { Database } from '../shared/database.ts'
import { describeError, type Logger } from '../shared/logger.ts'
import { inferenceErrors } from './inferences.errors.ts'
import type { TaskKind } from './inferences.lifecycle.ts'
import { type ModelPace, paceOf } from './pace.rules.ts'
import {
  chooseModelOrThrow,
  type InferenceParameters,
  readParametersOrThrow,
  resultFormatOf,
} from './parameters.rules.ts'
import { chooseSequences, type PlannedItem, planTasks } from './plan-tasks.ts'
import {
  findInferableDataset,
  type InferableDataset,
  insertInference,
  listPlannedItems,
  listVideoTimes,
} from './start.repository.ts'
import { writeParameters } from './stored-parameters.rules.ts'
import type { SendTasks } from './tasks/tasks.queue.ts'

export interface StartInferenceContext {
  readonly database: Database
  readonly ledger: Pick<LedgerClient, 'reserveOrThrow' | 'release'>
  readonly models: ModelCatalogue
  readonly sendTasks: SendTasks
  readonly pricePlan: PricePlan
  readonly createId: () => string
  readonly nowMs: number
  readonly logger: Logger
}

export interface StartedInference {
  readonly id: string
  readonly jobId: number
  readonly modelId: string
  readonly datasetName: string
}

/**
 * Prices the dataset's inference, reserves the tokens, writes the job down and hands its tasks to the queue.
 * A refusal leaves nothing behind; what a crash leaves between two steps, the sweep undoes or goes on with.
 * Throws `inferences.*` for a wrong request, `models.unavailable`, and `tokens.insufficient`.
 */
export async function startInference(
  context: StartInferenceContext,
  wanted: { userId: string; datasetName: unknown; modelId: unknown; parameters: unknown },
): Promise<StartedInference> {
  const name = typeof wanted.datasetName === 'string' ? wanted.datasetName.trim() : ''
  if (name === '') {
    throw inferenceErrors.createError(
      'inferences.dataset_required',
      'Dataset name is required and cannot be empty or contain only spaces.',
    )
  }
  const known = await context.models.find()
  const chosen = chooseModelOrThrow(wanted.modelId, known?.list ?? null)
  const parameters = readParametersOrThrow(wanted.parameters, chosen)
  const dataset = await findDatasetOrThrow(context.database, { userId: wanted.userId, name })

  const items = await listPlannedItems(context.database, {
    datasetId: dataset.id,
    itemCount: dataset.itemCount,
  })
  const pace = paceOfChosen(chosen)
  const sequences = await findSequences(context.database, { dataset, items, parameters, pace })
  const tasks = planTasks(items, pace, sequences).map((task) => ({
    ...task,
    id: context.createId(),
  }))
  const price = priceInference(context.pricePlan, {
    images: dataset.itemCount - dataset.frameCount,
    frames: dataset.frameCount,
  })
  const unit = priceInference(context.pricePlan, { images: 1, frames: 1 })

  const id = context.createId()
  const operationId = inferenceOperationId(id)
  const reserved = await context.ledger.reserveOrThrow(wanted.userId, {
    operationId,
    operationType: 'inference',
    amount: price.total,
  })
  const jobId = await insertOrRelease(context, {
    userId: wanted.userId,
    reservationId: reserved.reservationId,
    insert: () =>
      insertInference(context.database, {
        id,
        operationId,
        userId: wanted.userId,
        dataset,
        modelId: chosen.name,
        parameters: writeParameters(parameters, chosen),
        reservationId: reserved.reservationId,
        imageUnitPrice: unit.imagesPrice,
        frameUnitPrice: unit.framesPrice,
        resultExtension: resultFormatOf(parameters).extension,
        tasks,
        sequences,
        nowMs: context.nowMs,
      }),
  })
  await sendOrLeaveToSweep(
    context,
    id,
    tasks.filter((task) => task.kind === 'inpaint'),
  )
  return { id, jobId, modelId: chosen.name, datasetName: dataset.name }
}

/** The operation id under which an inference's tokens are reserved. */
export function inferenceOperationId(inferenceId: string): string {
  return `inference_${inferenceId}`
}

function paceOfChosen({ name, model }: ChosenModel) {
  const named = name === defaultAlias ? null : name
  return paceOf({ id: model?.id ?? named, milliseconds: model?.speed?.milliseconds ?? null })
}

async function findSequences(
  database: Database,
  planned: {
    readonly dataset: InferableDataset
    readonly items: readonly PlannedItem[]
    readonly parameters: InferenceParameters
    readonly pace: ModelPace
  },
): Promise<Map<string, number>> {
  const { dataset, items, parameters, pace } = planned
  if (dataset.frameCount === 0 || parameters.product.temporal === false) return new Map()
  return chooseSequences(items, await listVideoTimes(database, dataset.id), pace)
}

async function findDatasetOrThrow(
  database: Database,
  query: { userId: string; name: string },
): Promise<InferableDataset> {
  const dataset = await findInferableDataset(database, query)
  if (!dataset) throw createDatasetNotFound()
  if (dataset.itemCount === 0) {
    throw inferenceErrors.createError('inferences.dataset_empty', 'The selected dataset is empty.')
  }
  return dataset
}

function createDatasetNotFound() {
  return inferenceErrors.createError(
    'inferences.dataset_not_found',
    'The specified dataset was not found.',
  )
}

/** Gives the tokens back only when it is certain that nothing was written; after an unclear failure the sweep decides. */
async function insertOrRelease(
  context: StartInferenceContext,
  step: { userId: string; reservationId: string; insert: () => Promise<number | null> },
): Promise<number> {
  const jobId = await step.insert()
  if (jobId !== null) return jobId
  await context.ledger.release(step.userId, { reservationId: step.reservationId })
  throw createDatasetNotFound()
}

async function sendOrLeaveToSweep(
  context: StartInferenceContext,
  inferenceId: string,
  tasks: readonly { id: string; kind: TaskKind }[],
): Promise<void> {
  try {
    await context.sendTasks(tasks.map(({ id, kind }) => ({ taskId: id, inferenceId, kind })))
  } catch (error) {
    context.logger.warn('inference.send_failed', { inferenceId, ...describeError(error) })
  }
}
