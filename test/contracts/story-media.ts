import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Replay, readAt } from './replay.ts'

const contentTypes = {
  'picture.jpg': 'image/jpeg',
  'mask.png': 'image/png',
  'clip.mp4': 'video/mp4',
  'pair.zip': 'application/zip',
} as const

type MediaName = keyof typeof contentTypes

/** One of the small files in media/, under the name that it is sent with. */
async function readMedia(name: MediaName): Promise<File> {
  const content = await readFile(path.join(import.meta.dirname, 'media', name))
  return new File([content], name, { type: contentTypes[name] })
}

/** The form of an upload; a file that is not wanted is null. */
export async function createForm(wanted: {
  datasetName?: string
  image?: MediaName | null
  mask?: MediaName | null
}): Promise<FormData> {
  const { datasetName = 'Inpainting dataset', image = 'picture.jpg', mask = 'mask.png' } = wanted
  const form = new FormData()
  if (datasetName !== '') form.set('datasetName', datasetName)
  if (image !== null) form.set('image', await readMedia(image))
  if (mask !== null) form.set('mask', await readMedia(mask))
  return form
}

export async function uploadPairs(
  replay: Replay,
  { as, datasetName, count }: { as: string; datasetName: string; count: number },
): Promise<void> {
  for (let uploaded = 0; uploaded < count; uploaded += 1) {
    const form = await createForm({ datasetName })
    await replay.send({ method: 'POST', path: '/api/datasets/data' }, { as, form })
  }
}

/** The user's balance in tokens. */
export async function readBalance({ send }: Replay, as: string): Promise<number> {
  const answer = await send({ method: 'GET', path: '/api/users/tokens' }, { as })
  return Number(readAt(answer, 'data.balance'))
}
