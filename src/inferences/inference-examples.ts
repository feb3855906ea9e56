import { exampleDataset, examplePairs } from '../datasets/dataset-examples.ts'

/* What the document shows of inferences: one of two pictures, of which the second failed. */

const id = 'b41eb910-962f-4790-874a-324915c25d6f'
const { userId } = exampleDataset
const [succeeded, failed] = examplePairs
const createdAt = '2026-11-21T09:12:15.908Z'

export const exampleImage = {
  originalPath: succeeded.imagePath,
  outputPath: `inferences/${userId}/${id}/processed_${succeeded.uploadId}_0.png`,
}
const exampleResult = { success: true, images: [exampleImage], videos: [] }

const error = {
  code: 'media.undecodable',
  message:
    'The image is damaged: its JPEG data ends too early. Save it again, or send another copy.',
}

/** Why an item failed. */
export const exampleFailure = {
  originalPath: failed.imagePath,
  imageName: failed.imageName,
  ...error,
}

/** What became of each item. */
export const exampleItems = [
  {
    position: 0,
    kind: 'image' as const,
    imageName: succeeded.imageName,
    ...exampleImage,
    status: 'SUCCEEDED' as const,
    width: 451,
    height: 300,
    sizeBytes: 240_512,
    sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    inpaintMs: 212.4,
    carbonGrams: 0.0021,
    energyMethod: 'cpu-time-estimate',
    error: null,
  },
  {
    position: 1,
    kind: 'image' as const,
    originalPath: failed.imagePath,
    imageName: failed.imageName,
    outputPath: null,
    status: 'FAILED' as const,
    width: null,
    height: null,
    sizeBytes: null,
    sha256: null,
    inpaintMs: null,
    carbonGrams: null,
    energyMethod: null,
    error,
  },
]

/** As it stands in a list. */
export const exampleListed = {
  id,
  status: 'COMPLETED' as const,
  modelId: 'default_inpainting',
  datasetId: exampleDataset.id,
  datasetName: exampleDataset.name,
  jobId: 31,
  progress: 100,
  createdAt,
  updatedAt: '2026-11-21T09:12:18.102Z',
}

export const exampleInference = {
  ...exampleListed,
  userId,
  resolvedModelId: 'patchmatch',
  parameters: {
    quality: 'high',
    outputFormat: 'png',
    tokenCost: 5.5,
    costBreakdown: { singleImages: 5.5, videoFrames: 0 },
    tokenReservationId: 'b458dd45-b111-49ab-84d1-2b7f1f94dd5b',
  },
  itemCount: 2,
  succeededItems: 1,
  failedItems: 1,
  abortedItems: 0,
  endReason: null,
  retryOf: null,
  tokensSpent: 2.75,
  carbonGrams: 0.0021,
  carbonFootprint: 0.0021,
  imageZip: `http://127.0.0.1:8787/api/inferences/${id}/results.zip`,
  resultsDeletedAt: null,
  result: exampleResult,
  failures: [exampleFailure],
}

const job = {
  jobId: exampleListed.jobId,
  inferenceId: id,
  totalItems: 2,
  succeededItems: 1,
}

export const exampleActiveJob = {
  ...job,
  status: 'active' as const,
  progress: 50,
  inferenceStatus: 'RUNNING' as const,
  failedItems: 0,
  result: null,
  failures: [],
}

export const exampleCompletedJob = {
  ...job,
  status: 'completed' as const,
  progress: 100,
  inferenceStatus: 'COMPLETED' as const,
  failedItems: 1,
  result: { success: true, result: exampleResult },
  failures: [exampleFailure],
}
