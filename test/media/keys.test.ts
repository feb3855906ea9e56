import { describe, expect, it } from 'vitest'
import {
  datasetKey,
  datasetKeyOf,
  fileNameOf,
  inferenceKey,
  inferencePrefix,
  parseKey,
  type StoredExtension,
  stemOf,
  uploadPrefix,
} from '../../src/media/keys.ts'

const userId = '4991aeaa-1c3e-421a-800f-02792725c575'
const uploadId = '1715ddf7-c718-42a3-bbc0-a1fb9628ef8f'
const fileId = 'd4ecbb74-bb60-4759-bdb3-b4f09c81c2a0'
const inferenceId = 'b9aff7d0-d5dc-408d-80db-58b5ef600e59'
const key = datasetKey({ userId, uploadId, fileId, extension: 'png' })

describe('the key of an uploaded file', () => {
  it('lies under its user, and under its upload’s prefix', () => {
    expect(key).toBe(`datasets/${userId}/${uploadId}_${fileId}.png`)
    expect(key.startsWith(uploadPrefix({ userId, uploadId }))).toBe(true)
  })

  it('tells user, upload and name', () => {
    const fileName = `${uploadId}_${fileId}.png`
    expect(parseKey(key)).toEqual({
      area: 'datasets',
      userId,
      parentId: uploadId,
      fileName,
      extension: 'png',
    })
    expect(fileNameOf(key)).toBe(fileName)
    expect(stemOf(key)).toBe(`${uploadId}_${fileId}`)
  })

  it('is found again by its user and its last segment alone', () => {
    expect(datasetKeyOf({ userId, fileName: fileNameOf(key) })).toBe(key)
  })

  it.each([
    '',
    'x.png',
    '../x.png',
    `${uploadId}.png`,
    `${uploadId}_${fileId}.exe`,
    `../${userId}/${uploadId}_${fileId}.png`,
  ])('is none for the name %j', (fileName) => {
    expect(datasetKeyOf({ userId, fileName })).toBeNull()
  })
})

describe('the key of a result', () => {
  it('lies under its inference and keeps the stem of what it was made from', () => {
    const result = inferenceKey({ userId, inferenceId, stem: stemOf(key), extension: 'jpg' })
    expect(result).toBe(`inferences/${userId}/${inferenceId}/processed_${uploadId}_${fileId}.jpg`)
    expect(result.startsWith(inferencePrefix({ userId, inferenceId }))).toBe(true)
    expect(parseKey(result)).toMatchObject({ area: 'inferences', parentId: inferenceId })
  })
})

describe('a key', () => {
  const place = { userId, uploadId, fileId, extension: 'png' as const }

  it.each([
    ['a user', { ...place, userId: '../other' }],
    ['an upload', { ...place, uploadId: 'x' }],
    ['a file', { ...place, fileId: `${fileId}/..` }],
    ['an extension', { ...place, extension: 'png/../../x' as StoredExtension }],
  ])('is never built from what is not %s', (_part, wrong) => {
    expect(() => datasetKey(wrong)).toThrow(RangeError)
  })

  it.each(['a/b', '..', '', 'a.b', 'è', 'x'.repeat(81)])(
    'is never built from the stem %j',
    (stem) => {
      expect(() => inferenceKey({ userId, inferenceId, stem, extension: 'png' })).toThrow(
        RangeError,
      )
    },
  )

  it.each([
    '',
    'datasets',
    `datasets/${userId}/x.png`,
    `${key}x`,
    `/${key}`,
    `x${key}`,
    key.toUpperCase(),
  ])('is not read from %j', (text) => {
    expect(parseKey(text)).toBeNull()
  })
})
