import { describe, expect, it } from 'vitest'
import {
  datasetKey,
  datasetKeyOf,
  fileNameOf,
  fileUploadPrefix,
  inferencePrefix,
  partKey,
  resultPrefix,
  type StoredExtension,
  segmentKey,
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

  it('is found again by its user and its last segment alone', () => {
    expect(datasetKeyOf({ userId, fileName: fileNameOf(key) })).toBe(key)
  })

  it.each([
    '',
    'x.png',
    '../x.png',
    `${uploadId}.png`,
    `${uploadId}_${fileId}.exe`,
    `${uploadId}_${fileId}.pngx`,
    `x${uploadId}_${fileId}.png`,
    `${uploadId}_${fileId}.PNG`,
    `../${userId}/${uploadId}_${fileId}.png`,
  ])('is none for the name %j', (fileName) => {
    expect(datasetKeyOf({ userId, fileName })).toBeNull()
  })
})

describe('the key of a result', () => {
  it('lies under its inference', () => {
    const prefix = resultPrefix({ userId, inferenceId })
    expect(prefix).toBe(`inferences/${userId}/${inferenceId}/processed_`)
    expect(prefix.startsWith(inferencePrefix({ userId, inferenceId }))).toBe(true)
    expect(() => resultPrefix({ userId, inferenceId: '../other' })).toThrow(RangeError)
  })

  it('and that of a stretch of a video lies there too, one for each stretch', () => {
    const stretch = { userId, inferenceId, videoId: fileId, firstPosition: 240 }
    expect(segmentKey(stretch)).toBe(
      `inferences/${userId}/${inferenceId}/segment_${fileId}_240.mp4`,
    )
    expect(() => segmentKey({ ...stretch, videoId: '../other' })).toThrow(RangeError)
  })
})

describe('the key of a part', () => {
  const place = { userId, fileUploadId: uploadId }

  it('lies under its file, in the order of its number', () => {
    expect(partKey({ ...place, number: 1 })).toBe(`${fileUploadPrefix(place)}00001`)
    expect(partKey({ ...place, number: 2 }) < partKey({ ...place, number: 10 })).toBe(true)
  })

  it.each([0, -1, 1.5, 100_000, Number.NaN])('is none for the number %d', (number) => {
    expect(() => partKey({ ...place, number })).toThrow(RangeError)
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
})
