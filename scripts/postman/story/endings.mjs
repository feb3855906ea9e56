/** When a job is waited for no longer. */
export const hasEnded = { at: 'data.status', isOneOf: ['completed', 'failed'] }

/** Takes some seconds over thin scratches, so that there is time to abort it. */
export const slowModel = { modelId: 'patchmatch', parameters: { patchSize: 15 } }

/**
 * How else an inference ends: with a failed item, aborted, with its results deleted.
 * @type {readonly import('../steps.mjs').Step[]}
 */
export const endings = [
  {
    operation: 'startInference',
    name: 'Start an inference of which one item fails',
    body: { datasetName: '{{brokenName}}', modelId: 'telea', parameters: undefined },
    status: 201,
    keep: { failedInferenceId: 'inference.id', failedJobId: 'jobId' },
  },
  {
    operation: 'getJobStatus',
    name: 'Wait for what fails',
    why: 'What succeeds is kept and paid; what fails is told and refunded.',
    path: { jobId: '{{failedJobId}}' },
    status: 200,
    until: hasEnded,
    expect: { 'data.succeededItems': 1, 'data.failedItems': 1, 'data.failures': { length: 1 } },
  },
  {
    operation: 'startInference',
    name: 'Start an inference that takes long',
    body: { datasetName: '{{datasetName}}', ...slowModel },
    status: 201,
    keep: { abortedInferenceId: 'inference.id' },
  },
  {
    operation: 'abortInference',
    path: { id: '{{abortedInferenceId}}' },
    status: 200,
    expect: { 'data.status': 'ABORTED' },
  },
  {
    operation: 'abortInference',
    name: 'Refused: to abort what has ended',
    path: { id: '{{inferenceId}}' },
    status: 409,
    code: 'inferences.ended',
  },
  {
    operation: 'deleteResults',
    path: { id: '{{inferenceId}}' },
    status: 200,
    expect: { 'data.inferenceId': '{{inferenceId}}', 'data.deletedObjects': 5 },
  },
  {
    operation: 'getResults',
    name: 'Refused: results that were deleted',
    path: { id: '{{inferenceId}}' },
    status: 410,
    code: 'inferences.results_deleted',
  },
]
