import { createAmount, formatTokens } from '../ledger/amounts.ts'
import { formatTime } from '../shared/clock.ts'
import { hasEnded, jobStatusOf, mayHaveResults, progressOf } from './inferences.lifecycle.ts'
import type { ItemOutcome } from './inferences.repository.ts'
import type { InferenceItemRow, InferenceRow } from './inferences.table.ts'
import { formatAskedParameters, readStoredParameters } from './stored-parameters.rules.ts'
import { formatVideoFailures, formatVideos } from './videos/videos.format.ts'
import type { ListedVideo } from './videos/videos.repository.ts'

/** What an inference was about, and what became of it. */
export interface Outcome {
  readonly items: readonly ItemOutcome[]
  readonly videos: readonly ListedVideo[]
}

export function formatInferenceForList(inference: InferenceRow) {
  return {
    id: inference.id,
    status: inference.state,
    modelId: inference.modelId,
    datasetId: inference.datasetId,
    datasetName: inference.datasetName,
    jobId: inference.jobId,
    progress: progressOf(inference),
    createdAt: formatTime(inference.createdAt),
    updatedAt: formatTime(inference.updatedAt),
  }
}

export function formatInferenceForApi(inference: InferenceRow, outcome: Outcome) {
  const stored = readStoredParameters(inference)
  const images = (inference.itemCount - inference.frameCount) * inference.imageUnitPrice
  const frames = inference.frameCount * inference.frameUnitPrice
  const tokens = (thousandths: number) => formatTokens(createAmount(thousandths))
  return {
    ...formatInferenceForList(inference),
    userId: inference.userId,
    resolvedModelId: stored.resolvedModelId,
    parameters: {
      ...formatAskedParameters(stored),
      tokenCost: tokens(images + frames),
      costBreakdown: { singleImages: tokens(images), videoFrames: tokens(frames) },
      tokenReservationId: inference.reservationId,
    },
    itemCount: inference.itemCount,
    succeededItems: inference.succeededCount,
    failedItems: inference.failedCount,
    /** Without an outcome when the inference was aborted. */
    abortedItems: abortedCount(inference),
    endReason: inference.endReason,
    retryOf: inference.retryOf,
    tokensSpent: inference.spent === null ? null : tokens(inference.spent),
    carbonGrams: inference.carbonGrams,
    result: mayHaveResults(inference.state) ? formatResult(outcome) : null,
    failures: formatFailures(outcome),
  }
}

function abortedCount({ state, itemCount, succeededCount, failedCount }: InferenceRow): number {
  return state === 'ABORTED' ? itemCount - succeededCount - failedCount : 0
}

/** The job's state in the words of the original's queue, beside those of its README. */
export function formatJob(inference: InferenceRow, outcome: Outcome) {
  return {
    jobId: inference.jobId,
    status: jobStatusOf(inference.state),
    progress: progressOf(inference),
    inferenceId: inference.id,
    inferenceStatus: inference.state,
    totalItems: inference.itemCount,
    succeededItems: inference.succeededCount,
    failedItems: inference.failedCount,
    result:
      inference.state === 'COMPLETED' ? { success: true, result: formatResult(outcome) } : null,
    failures: hasEnded(inference.state) ? formatFailures(outcome) : [],
  }
}

export function formatImage(item: Pick<InferenceItemRow, 'imageKey' | 'resultKey'>) {
  return { originalPath: item.imageKey, outputPath: item.resultKey }
}

/** The name under which a result is saved: the picture's own, with the result's ending. */
export function resultFileName(item: Pick<InferenceItemRow, 'imageName' | 'resultKey'>): string {
  const stem = item.imageName.replace(/\.[^.]*$/, '')
  return `${stem}_inpainted${item.resultKey.slice(item.resultKey.lastIndexOf('.'))}`
}

/** The images that were inpainted; frames are told by their videos. */
export function succeededImages<Item extends Pick<InferenceItemRow, 'state' | 'kind'>>(
  items: readonly Item[],
): Item[] {
  return items.filter((item) => item.state === 'SUCCEEDED' && item.kind === 'image')
}

function formatResult({ items, videos }: Outcome) {
  return {
    success: true,
    images: succeededImages(items).map(formatImage),
    videos: formatVideos(videos),
  }
}

/** The items and the videos that failed. */
export function formatFailures({ items, videos }: Outcome) {
  const failedItems = items
    .filter((item) => item.state === 'FAILED')
    .map((item) => ({
      originalPath: item.imageKey,
      imageName: item.imageName,
      code: item.errorCode ?? 'unknown',
      message: item.errorMessage ?? '',
    }))
  return [...failedItems, ...formatVideoFailures(videos)]
}
