import { type ChosenModel, defaultAlias } from '../models/choose-model.rules.ts'
import type { ModelCatalogue } from '../models/models.client.ts'
import type { Database } from '../shared/database.ts'
import { inferenceErrors } from './inferences.errors.ts'
import {
  createDatasetNotFound,
  ensureRoomToRun,
  type LaunchContext,
  launchInference,
} from './launch-inference.ts'
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
  listPlannedItems,
  listVideoTimes,
} from './start.repository.ts'
import { writeParameters } from './stored-parameters.rules.ts'

export interface StartInferenceContext extends LaunchContext {
  readonly models: ModelCatalogue
}

export interface StartedInference {
  readonly id: string
  readonly jobId: number
  readonly modelId: string
  readonly datasetName: string
}

/**
 * Prices the dataset's inference, reserves the tokens, writes the job down and queues its first tasks.
 * Throws `inferences.*` for a wrong request or one too many, `models.unavailable`, and `tokens.insufficient`.
 */
export async function startInference(
  context: StartInferenceContext,
  wanted: {
    /** The inference's, where the caller knows it before. */
    id?: string
    userId: string
    datasetName: unknown
    modelId: unknown
    parameters: unknown
  },
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
  const { runningCount, ...dataset } = await findDatasetOrThrow(context.database, {
    userId: wanted.userId,
    name,
  })
  ensureRoomToRun(context.settings, runningCount)

  const items = await listPlannedItems(context.database, {
    datasetId: dataset.id,
    itemCount: dataset.itemCount,
  })
  const pace = paceOfChosen(chosen)
  const sequences = await findSequences(context.database, { dataset, items, parameters, pace })
  const id = wanted.id ?? context.createId()
  const jobId = await launchInference(context, {
    id,
    userId: wanted.userId,
    dataset,
    modelId: chosen.name,
    parameters: writeParameters(parameters, chosen),
    resultExtension: resultFormatOf(parameters).extension,
    tasks: planTasks(items, pace, sequences),
    sequences,
    retryOf: null,
    audit: null,
  })
  return { id, jobId, modelId: chosen.name, datasetName: dataset.name }
}

/** How quick the model is that works on an inference. */
export function paceOfChosen({ name, model }: ChosenModel) {
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
): Promise<InferableDataset & { readonly runningCount: number }> {
  const dataset = await findInferableDataset(database, query)
  if (!dataset) throw createDatasetNotFound()
  if (dataset.itemCount === 0) {
    throw inferenceErrors.createError('inferences.dataset_empty', 'The selected dataset is empty.')
  }
  return dataset
}
