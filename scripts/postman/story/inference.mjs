import { endings, hasEnded } from './endings.mjs'

const firstStart = {
  datasetName: '{{datasetName}}',
  modelId: 'telea',
  parameters: { outputFormat: 'png' },
}

const hasEndedWhy = 'Asks again until the job has ended, when the collection is run.'

/** @type {import('../steps.mjs').Folder} */
export const inference = {
  name: 'Inference',
  description: 'Start a model over a dataset, watch how far it is, and download what it made.',
  as: 'user',
  steps: [
    {
      operation: 'listModels',
      status: 200,
      expect: { 'data.models.length': { above: 0 } },
    },
    {
      operation: 'startInference',
      set: { startKey: '{{$guid}}' },
      headers: { 'idempotency-key': '{{startKey}}' },
      body: firstStart,
      status: 201,
      expect: { 'inference.status': 'PENDING', 'inference.datasetName': '{{datasetName}}' },
      keep: { inferenceId: 'inference.id', jobId: 'jobId' },
    },
    {
      operation: 'startInference',
      name: 'Start the same inference again',
      why: 'The same request under the same `Idempotency-Key` takes effect once: the first answer comes again.',
      headers: { 'idempotency-key': '{{startKey}}' },
      body: firstStart,
      status: 201,
      expectHeaders: { 'Idempotency-Replayed': 'true' },
      expect: { 'inference.id': '{{inferenceId}}' },
    },
    {
      operation: 'startInference',
      name: 'Refused: another request under the same key',
      headers: { 'idempotency-key': '{{startKey}}' },
      body: { datasetName: '{{filmName}}', modelId: 'telea', parameters: undefined },
      status: 422,
      code: 'idempotency.key_reused',
    },
    {
      operation: 'startInference',
      name: 'Refused: a model that there is not',
      body: { datasetName: '{{datasetName}}', modelId: 'eraser' },
      status: 400,
      code: 'inferences.model_unknown',
    },
    {
      operation: 'startInference',
      name: "Refused: an inference over somebody else's dataset",
      as: 'stranger',
      body: { datasetName: '{{datasetName}}', modelId: 'telea', parameters: undefined },
      status: 404,
      code: 'inferences.dataset_not_found',
    },
    {
      operation: 'getJobStatus',
      why: hasEndedWhy,
      path: { jobId: '{{jobId}}' },
      status: 200,
      until: hasEnded,
      expect: { 'data.status': 'completed', 'data.progress': 100, 'data.succeededItems': 5 },
    },
    {
      operation: 'listInferences',
      status: 200,
      expect: { 'data.inferences': { length: 1 }, 'data.inferences[0].id': '{{inferenceId}}' },
    },
    {
      operation: 'getInference',
      path: { id: '{{inferenceId}}' },
      status: 200,
      expect: { 'data.status': 'COMPLETED', 'data.resolvedModelId': 'telea', 'data.itemCount': 5 },
    },
    {
      operation: 'getInference',
      name: "Refused: somebody else's inference",
      as: 'stranger',
      path: { id: '{{inferenceId}}' },
      status: 404,
      code: 'inferences.not_found',
    },
    {
      operation: 'getResults',
      path: { id: '{{inferenceId}}' },
      status: 200,
      expect: { 'data.images': { length: 5 }, 'data.failures': { length: 0 } },
      keep: {
        downloadUrl: 'data.images[0].downloadUrl',
        resultName: 'data.images[0].outputPath.split("/").pop()',
      },
    },
    {
      operation: 'getMedia',
      name: 'Download a result by its signed URL',
      why: 'As `downloadUrl` of a result names it. It works in a browser: who has it needs no access token.',
      url: '{{downloadUrl}}',
      status: 200,
      expectHeaders: { 'Content-Type': 'image/png' },
    },
    {
      operation: 'downloadResult',
      path: { id: '{{inferenceId}}', filename: '{{resultName}}' },
      status: 200,
      expectHeaders: { 'Content-Type': 'image/png' },
    },
    {
      operation: 'downloadResults',
      path: { id: '{{inferenceId}}' },
      status: 200,
      expectHeaders: { 'Content-Type': 'application/zip' },
    },
    {
      operation: 'startInference',
      name: 'Start an inference over a film',
      body: { datasetName: '{{filmName}}', modelId: 'telea', parameters: undefined },
      status: 201,
      keep: { filmInferenceId: 'inference.id', filmJobId: 'jobId' },
    },
    {
      operation: 'getJobStatus',
      name: 'Wait for the film',
      why: hasEndedWhy,
      path: { jobId: '{{filmJobId}}' },
      status: 200,
      until: hasEnded,
      expect: { 'data.status': 'completed', 'data.succeededItems': 5 },
    },
    {
      operation: 'getResults',
      name: 'Get the repaired film',
      path: { id: '{{filmInferenceId}}' },
      status: 200,
      expect: { 'data.videos': { length: 1 } },
      keep: { filmUrl: 'data.videos[0].downloadUrl' },
    },
    {
      operation: 'getMedia',
      name: 'Download the repaired film',
      url: '{{filmUrl}}',
      status: 200,
      expectHeaders: { 'Content-Type': 'video/mp4' },
    },
    ...endings,
  ],
}
