import { exampleProfile } from '../users/user-examples.ts'

/* What the document shows of datasets: one of the example person, which holds two pictures. */

export const exampleDataset = {
  id: 'c4edbda2-2ff1-45de-af20-c615b673551a',
  userId: exampleProfile.id,
  name: 'Inpainting dataset',
  tags: ['Inpainting', 'Mask'],
  createdAt: '2026-11-21T08:56:59.694Z',
  updatedAt: '2026-11-21T09:01:12.300Z',
}

const folder = `datasets/${exampleProfile.id}`

const createPair = (uploadId: string, imageName: string) => ({
  uploadId,
  imageName,
  imagePath: `${folder}/${uploadId}_f4b0a3c1-6a0b-4c53-8a5e-1f6f0a0d9b11.jpg`,
  maskPath: `${folder}/${uploadId}_d4ecbb74-bb60-4759-bdb3-b4f09c81c2a0.png`,
})

/** Its two pictures with their masks. */
export const examplePairs = [
  createPair('1715ddf7-c718-42a3-bbc0-a1fb9628ef8f', 'chelsea-scratch.jpg'),
  createPair('5c0de3a1-1b2c-4d3e-8f4a-6b7c8d9e0f1a', 'harbour.jpg'),
] as const

/** A signed URL of a file, as far as it can be shown. */
export function createExampleUrl(path: string, fileName: string | null): string {
  const name = fileName === null ? '' : `&filename=${fileName}`
  return `http://127.0.0.1:8787/media/${path}?expires=1795251600${name}&signature=rZ0n1lq3m8a4Vbq4mZ0T8cYw2oWl3Yk0bYQ9d1cE7uI`
}
