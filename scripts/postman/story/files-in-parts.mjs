/**
 * A file that is opened, sent and taken into the dataset, and one that is opened and given up.
 * @param {{ file: string, bytes: number }} sample
 * @returns {readonly import('../steps.mjs').Step[]}
 */
export function filesInParts({ file, bytes }) {
  return [
    {
      operation: 'openFileUpload',
      body: { fileName: file, bytes },
      status: 201,
      expect: { 'data.state': 'open', 'data.partCount': 1, 'data.bytes': bytes },
      keep: { fileId: 'data.id', partUrl: 'data.parts[0].url' },
    },
    {
      name: 'Send the only part to its address',
      elsewhere: {
        method: 'PUT',
        file,
        description:
          'To the signed URL that the answer before has named, which is the storage itself: exactly the bytes of the part, and no access token.',
      },
      url: '{{partUrl}}',
      status: 200,
    },
    {
      operation: 'getFileUpload',
      path: { id: '{{fileId}}' },
      status: 200,
      expect: { 'data.state': 'complete', 'data.receivedBytes': bytes },
    },
    {
      operation: 'uploadMedia',
      name: 'Upload a file that was sent in parts',
      why: 'As JSON, with the id of the file in the place of the file.',
      body: {
        datasetName: '{{datasetName}}',
        image: '{{fileId}}',
        mask: undefined,
        fps: undefined,
      },
      status: 200,
      expect: { processedItems: 2, tokenSpent: 1.4 },
      keep: { balance: 'userTokens' },
    },
    {
      operation: 'openFileUpload',
      name: 'Open a file that is not sent',
      body: { fileName: file, bytes },
      status: 201,
      keep: { unsentFileId: 'data.id' },
    },
    {
      operation: 'uploadMedia',
      name: 'Refused: a file of which parts are missing',
      body: {
        datasetName: '{{datasetName}}',
        image: '{{unsentFileId}}',
        mask: undefined,
        fps: undefined,
      },
      status: 409,
      code: 'file_uploads.parts_missing',
    },
    {
      operation: 'listFileUploads',
      status: 200,
      expect: { data: { length: 1 }, 'data[0].id': '{{unsentFileId}}' },
    },
    { operation: 'deleteFileUpload', path: { id: '{{unsentFileId}}' }, status: 200 },
    {
      operation: 'getFileUpload',
      name: 'Refused: a file that was deleted',
      path: { id: '{{unsentFileId}}' },
      status: 404,
      code: 'file_uploads.not_found',
    },
  ]
}
