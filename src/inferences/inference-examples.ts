/* What the document shows of inferences: one of two pictures, of which the second failed. */

const id = 'b41eb910-962f-4790-874a-324915c25d6f'
const userId = '98ba966c-595a-4c79-9ac3-4285400a126a'
const uploadId = '1715ddf7-c718-42a3-bbc0-a1fb9628ef8f'
const createdAt = '2026-11-21T09:12:15.908Z'

export const exampleImage = {
  originalPath: `datasets/${userId}/${uploadId}_f4b0a3c1-6a0b-4c53-8a5e-1f6f0a0d9b11.jpg`,
  outputPath: `inferences/${userId}/${id}/processed_${uploadId}_0.png`,
}
export const exampleResult = { success: true, images: [exampleImage], videos: [] }

/** Why an item failed. */
export const exampleFailure = {
  originalPath: `datasets/${userId}/${uploadId}_5c0de3a1-1b2c-4d3e-8f4a-6b7c8d9e0f1a.jpg`,
  imageName: 'harbour.jpg',
  code: 'media.undecodable',
  message:
    'The image is damaged: its JPEG data ends too early. Save it again, or send another copy.',
}

/** As it stands in a list. */
export const exampleListed = {
  id,
  status: 'COMPLETED' as const,
  modelId: 'default_inpainting',
  datasetId: '343a243f-a5ba-4d5a-b9b7-2d8c90c58766',
  datasetName: 'Inpainting dataset',
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
