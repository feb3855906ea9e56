import { createAmount, formatTokens } from '../../ledger/amounts.ts'
import { formatTime } from '../../shared/clock.ts'
import type { InferenceRow } from '../inferences.table.ts'
import { formatAskedParameters, readStoredParameters } from '../stored-parameters.rules.ts'
import type { ArchivedItem, ArchivedVideo } from './results.repository.ts'

/** A row with the name of its result in the archive; null where it has none. */
export type Named<Row> = Row & { readonly entry: string | null }

/** What `manifest.json` says: the same text for the same rows, so that an archive has the same bytes each time. */
export function createManifest(
  inference: InferenceRow,
  contents: {
    readonly items: readonly Named<ArchivedItem>[]
    readonly videos: readonly Named<ArchivedVideo>[]
  },
): Uint8Array {
  const stored = readStoredParameters(inference)
  const manifest = {
    inferenceId: inference.id,
    jobId: inference.jobId,
    status: inference.state,
    modelId: inference.modelId,
    resolvedModelId: stored.resolvedModelId,
    parameters: formatAskedParameters(stored),
    dataset: { id: inference.datasetId, name: inference.datasetName },
    createdAt: formatTime(inference.createdAt),
    endedAt: inference.endedAt === null ? null : formatTime(inference.endedAt),
    carbonGrams: inference.carbonGrams,
    tokensSpent: inference.spent === null ? null : formatTokens(createAmount(inference.spent)),
    items: contents.items.map(formatItem),
    videos: contents.videos.map(formatVideo),
  }
  return new TextEncoder().encode(`${JSON.stringify(manifest, null, 1)}\n`)
}

function formatItem(item: Named<ArchivedItem>) {
  return {
    position: item.position,
    kind: item.kind,
    videoId: item.videoId,
    frameIndex: item.frameIndex,
    sourcePath: item.imageKey,
    sourceName: item.imageName,
    result: item.entry,
    ...formatOutcome(item),
    inpaintMs: item.inpaintMs,
    joules: item.joules,
    energyMethod: item.energyMethod,
  }
}

function formatVideo(video: Named<ArchivedVideo>) {
  return {
    videoId: video.videoId,
    originalVideoId: String(video.uploadIndex),
    sourceName: video.name,
    result: video.entry,
    ...formatOutcome(video),
    durationSeconds: video.durationSeconds,
    frameCount: video.frameCount,
    replacedFrames: JSON.parse(video.replacedFrames) as unknown,
    notes: JSON.parse(video.notes) as unknown,
    joules: video.joules,
    energyMethod: video.energyMethod,
  }
}

function formatOutcome(row: ArchivedItem | ArchivedVideo) {
  return {
    status: row.state,
    width: row.width,
    height: row.height,
    bytes: row.sizeBytes,
    sha256: row.sha256,
    error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage ?? '' },
  }
}
