import { sizeOfSample } from '../samples.mjs'
import { filesInParts } from './files-in-parts.mjs'

const photo = { image: { file: 'chelsea-scratch.png' }, mask: { file: 'chelsea-scratch-mask.png' } }
const film = { image: { file: 'film.mp4' }, mask: { file: 'logo-mask.png' } }

/** @type {import('../steps.mjs').Folder} */
export const dataset = {
  name: 'Dataset',
  description:
    'Datasets, and what is uploaded into them: pictures, videos and archives with their masks.',
  as: 'user',
  steps: [
    {
      operation: 'createDataset',
      body: { name: '{{datasetName}}' },
      status: 201,
      expect: { 'dataset.name': '{{datasetName}}', 'dataset.userId': '{{userId}}' },
    },
    {
      operation: 'createDataset',
      name: 'Refused: a name that is taken',
      body: { name: '{{datasetName}}' },
      status: 400,
      code: 'datasets.name_taken',
    },
    {
      operation: 'uploadMedia',
      why: 'A photo with its mask, of which white is what shall go.',
      form: { datasetName: '{{datasetName}}', ...photo },
      status: 200,
      expect: { processedItems: 1, tokenSpent: { above: 0 }, userTokens: { above: 0 } },
    },
    {
      operation: 'uploadMedia',
      name: 'Refused: a mask of another size',
      form: { datasetName: '{{datasetName}}', ...photo, mask: { file: 'coffee-text-mask.png' } },
      status: 400,
      code: 'media.size_mismatch',
    },
    {
      operation: 'uploadMedia',
      name: 'Refused: a mask that is a photo',
      form: { datasetName: '{{datasetName}}', ...photo, mask: { file: 'chelsea.png' } },
      status: 400,
      code: 'mask.not_binary',
    },
    {
      operation: 'uploadMedia',
      name: 'Refused: a dataset that does not exist',
      form: { datasetName: 'No {{datasetName}}', ...photo },
      status: 404,
      code: 'datasets.not_found',
    },
    {
      operation: 'uploadMedia',
      name: 'Upload an archive, and wait for nothing',
      why: 'With `Prefer: respond-async` the answer comes at once, and tells what to watch.',
      headers: { prefer: 'respond-async' },
      form: { datasetName: '{{datasetName}}', image: { file: 'pairs.zip' } },
      status: 202,
      expect: { 'upload.kind': 'zip' },
      keep: { uploadId: 'upload.id' },
    },
    {
      operation: 'getUpload',
      why: 'Asks again until the upload has ended, when the collection is run.',
      path: { uploadId: '{{uploadId}}' },
      status: 200,
      until: { at: 'upload.status', isOneOf: ['COMPLETED', 'FAILED'] },
      expect: {
        'upload.status': 'COMPLETED',
        'upload.report.accepted': 4,
        'upload.report.ignored': 1,
      },
    },
    ...filesInParts({ file: 'pairs.zip', bytes: sizeOfSample('pairs.zip') }),
    {
      operation: 'createDataset',
      name: 'Create a dataset for a film',
      body: { name: '{{filmName}}', tags: ['Film'] },
      status: 201,
    },
    {
      operation: 'uploadMedia',
      name: 'Refused: more than the balance',
      why: 'Every frame of ten seconds costs more than a new account has. Nothing is charged.',
      form: { datasetName: '{{filmName}}', ...film, fps: 'source' },
      status: 401,
      code: 'tokens.insufficient',
      expect: { required: 120, balance: '{{balance}}', shortfall: { above: 0 } },
    },
    {
      operation: 'getTokenBalance',
      name: 'What was refused has cost nothing',
      status: 200,
      expect: { 'data.balance': '{{balance}}' },
    },
    {
      operation: 'uploadMedia',
      name: 'Upload a film',
      why: 'One frame every two seconds of a film with a logo in its corner.',
      form: { datasetName: '{{filmName}}', ...film, fps: '0.5' },
      status: 200,
      expect: { processedItems: 5, 'upload.kind': 'video' },
    },
    {
      operation: 'createDataset',
      name: 'Create a dataset for a broken picture',
      body: { name: '{{brokenName}}', tags: [] },
      status: 201,
    },
    {
      operation: 'uploadMedia',
      name: 'Upload a picture that only decoding finds broken',
      form: {
        datasetName: '{{brokenName}}',
        image: { file: 'broken.webp' },
        mask: { file: 'logo-mask.png' },
      },
      status: 200,
      expect: { processedItems: 1 },
    },
    {
      operation: 'uploadMedia',
      name: 'Upload a picture beside it',
      form: {
        datasetName: '{{brokenName}}',
        image: { file: 'rocket.jpg' },
        mask: { file: 'rocket-object-mask.png' },
      },
      status: 200,
    },
    {
      operation: 'listDatasets',
      status: 200,
      expect: { data: { length: 3 }, 'summary.active': 3 },
    },
    {
      operation: 'getDataset',
      path: { name: '{{datasetName}}' },
      status: 200,
      expect: { 'data.name': '{{datasetName}}', 'data.itemCount': 5, 'data.type': 'image-mask' },
    },
    {
      operation: 'getDataset',
      name: "Refused: somebody else's dataset",
      why: 'For anybody else it does not exist.',
      as: 'stranger',
      path: { name: '{{datasetName}}' },
      status: 404,
      code: 'datasets.not_found',
    },
    {
      operation: 'updateDataset',
      path: { name: '{{datasetName}}' },
      body: { name: undefined, tags: ['Inpainting', 'Scratch'] },
      status: 200,
      expect: { 'data.changes.nameChanged': false, 'data.changes.tagsChanged': true },
    },
    {
      operation: 'listItems',
      path: { name: '{{datasetName}}' },
      query: { limit: '2' },
      status: 200,
      expect: { 'data.totalItems': 5, 'data.items': { length: 2 } },
      keep: {
        imageUrl: 'data.items[0].imageUrl',
        imageName: 'data.items[0].imagePath.split("/").pop()',
      },
    },
    {
      operation: 'getItemFile',
      path: { name: '{{datasetName}}', type: 'image', filename: '{{imageName}}' },
      status: 200,
      expectHeaders: { 'Content-Type': 'image/png' },
    },
    {
      operation: 'getMedia',
      name: 'See a picture by its signed URL',
      why: 'As `imageUrl` of an item names it. It works in a browser: who has it needs no access token.',
      url: '{{imageUrl}}',
      status: 200,
      expectHeaders: { 'Content-Type': 'image/png' },
    },
    {
      operation: 'getMedia',
      name: 'Refused: a signed URL that was changed',
      url: '{{imageUrl}}x',
      status: 403,
      code: 'media.url_invalid',
    },
  ],
}
