import { type Replay, readTextAt } from './replay.ts'
import { createForm } from './story-media.ts'
import type { People } from './story-people.ts'

const recordedImage = '1715ddf7-c718-42a3-bbc0-a1fb9628ef8f.jpg'
const recordedMask = 'd4ecbb74-bb60-4759-bdb3-b4f09c81c2a0.png'

/** What one inference of the recorded dataset costs: two images and nine frames. */
export const inferencePrice = 2 * 2.75 + 9 * 1.5

export async function playCreations({ play }: Replay, { mario: as }: People): Promise<void> {
  await play('datasets_create_201', { as })
  await play('datasets_create_mixedtags', { as })
  await play('datasets_create_duplicate', { as })
  await play('datasets_create_noname', { as })
  await play('datasets_create_longname', { as })
  await play('datasets_create_badtags', { as })
  await play('datasets_create_longtag', { as })
}

export async function playUploads(replay: Replay, { mario: as }: People): Promise<void> {
  const { play } = replay
  await play('datasets_upload_pair_200', { as, form: await createForm({}) })
  const archive = await createForm({ image: 'pair.zip' })
  await play('datasets_upload_zip_200', { as, form: archive })
  const video = await createForm({ image: 'clip.mp4' })
  await play('datasets_upload_video_200', { as, form: video })

  await play('datasets_upload_noname', { as, form: await createForm({ datasetName: '' }) })
  await play('datasets_upload_nofiles', { as, form: await createForm({ image: null, mask: null }) })
  const text = await createForm({})
  text.set('image', new File(['no picture'], 'notes.txt', { type: 'text/plain' }))
  await play('datasets_upload_badtype', { as, form: text })
  const extra = await createForm({})
  extra.set('third', new File(['x'], 'third.png', { type: 'image/png' }))
  await play('datasets_upload_extrafield', { as, form: extra })
  const unknown = await createForm({ datasetName: 'nope' })
  await play('datasets_upload_unknown_dataset', { as, form: unknown })
  await play('users_tokens_200', { as })
}

export async function playReading({ play, standIns }: Replay, people: People): Promise<void> {
  const as = people.mario
  await play('datasets_get_200', { as })
  await play('datasets_get_unknown', { as })
  await play('datasets_list_200', { as })
  const first = await play('datasets_data_200', { as })
  await play('datasets_data_page2_default', { as })
  await play('datasets_data_page99', { as })
  await play('datasets_data_page0', { as })
  await play('datasets_data_limit101', { as })
  await play('datasets_data_empty', { as })

  standIns.learn(recordedImage, fileNameOf(readTextAt(first, 'data.items.0.imagePath')))
  standIns.learn(recordedMask, fileNameOf(readTextAt(first, 'data.items.0.maskPath')))
  await play('datasets_image_200', { as })
  await play('datasets_mask_200', { as })
  await play('datasets_image_unknown', { as })
  await play('datasets_image_suffix_match', { as })
}

export async function playDatasetChanges({ play }: Replay, { mario: as }: People): Promise<void> {
  await play('datasets_update_200_name', { as })
  await play('datasets_update_200_tags', { as })
  await play('datasets_update_nochange', { as })
  await play('datasets_update_nofields', { as })
  await play('datasets_update_conflict', { as })
  await play('datasets_update_unknown', { as })
  await play('datasets_delete_200', { as })
  await play('datasets_delete_again', { as })
  await play('datasets_recreate_after_delete', { as })
  // The list was recorded with two deleted datasets of one name.
  await play('datasets_delete_200', { as })
  await play('datasets_list_includeDeleted', { as })
}

export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
