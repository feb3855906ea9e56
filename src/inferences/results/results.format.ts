import type { Settings } from '../../config.ts'
import { formatOptionalTime } from '../../shared/clock.ts'
import type { InferenceItemRow, InferenceRow } from '../inferences.table.ts'

export interface ResultsFormat {
  /** Where clients reach the API. */
  readonly baseUrl: string
  readonly gramsPerJoule: number
}

/** The format's measures, from the services. */
export function resultsFormatOf(services: {
  readonly settings: Pick<Settings, 'PUBLIC_BASE_URL'>
  readonly gramsPerJoule: number
}): ResultsFormat {
  return { baseUrl: services.settings.PUBLIC_BASE_URL, gramsPerJoule: services.gramsPerJoule }
}

/** What an inference's answers say of its results as a whole. */
export function formatResultsOverview(inference: InferenceRow, { baseUrl }: ResultsFormat) {
  const hasResults = inference.succeededCount > 0 && inference.resultsDeletedAt === null
  return {
    /** Grams of CO2. */
    carbonFootprint: inference.carbonGrams,
    imageZip: hasResults ? `${baseUrl}/api/inferences/${inference.id}/results.zip` : null,
    resultsDeletedAt: formatOptionalTime(inference.resultsDeletedAt),
  }
}

/** What became of one item of the dataset. */
export function formatResultItem(item: InferenceItemRow, { gramsPerJoule }: ResultsFormat) {
  const isThere = item.state === 'SUCCEEDED'
  return {
    position: item.position,
    kind: item.kind,
    originalPath: item.imageKey,
    imageName: item.imageName,
    outputPath: isThere ? item.resultKey : null,
    status: item.state,
    width: item.width,
    height: item.height,
    sizeBytes: item.sizeBytes,
    sha256: item.sha256,
    inpaintMs: item.inpaintMs,
    carbonGrams: item.joules === null ? null : item.joules * gramsPerJoule,
    energyMethod: item.energyMethod,
    error:
      item.errorCode === null ? null : { code: item.errorCode, message: item.errorMessage ?? '' },
  }
}
