import { type Replay, readAt, readTextAt } from './replay.ts'
import { fileNameOf, inferencePrice } from './story-datasets.ts'
import { readBalance } from './story-media.ts'
import type { People } from './story-people.ts'

const recordedInferenceId = 'b41eb910-962f-4790-874a-324915c25d6f'
const recordedImage =
  '5bfddecc-5d66-4859-b8e8-839bf69637af_processed_1715ddf7-c718-42a3-bbc0-a1fb9628ef8f.png'

const recordedVideo = '646df231-8878-426b-b22d-115e48d809ba_video_3.mp4'

export async function playWrongStarts({ play, send }: Replay, { mario: as }: People) {
  await play('inferences_create_noname', { as })
  await play('inferences_create_unknown', { as })
  await play('inferences_create_badparam', { as })
  await play('inferences_create_param_array', { as })
  await play('inferences_create_param_nonstring', { as })
  await play('inferences_create_param_badformat', { as })
  await play('inferences_create_params_1001B', { as })
  await send({ method: 'POST', path: '/api/datasets/', json: { name: 'empty' } }, { as })
  await play('inferences_create_empty', { as })
}

/** An inference from its start to the bytes of its results. */
export async function playInference(replay: Replay, { mario: as }: People): Promise<void> {
  const { play, playUntil, standIns } = replay
  const started = await play('inferences_create_201', { as })
  standIns.learn(recordedInferenceId, readTextAt(started, 'inference.id'))
  standIns.learn('/job/31/', `/job/${readTextAt(started, 'jobId')}/`)
  await play('inferences_job_status_early', { as })
  await play('inferences_results_unfinished', { as })

  await playUntil('inferences_job_status_200', hasEnded, { as })
  await play('inferences_get_200', { as })
  await play('inferences_list_200', { as })
  const results = await play('inferences_results_200', { as })
  standIns.learn(recordedImage, fileNameOf(readTextAt(results, 'data.images.0.outputPath')))
  await play('inferences_download_image_200', { as })
  standIns.learn(recordedVideo, fileNameOf(readTextAt(results, 'data.videos.0.outputPath')))
  await play('inferences_download_video_200', { as })

  await play('inferences_get_unknown', { as })
  await play('inferences_get_baduuid', { as })
  await play('inferences_job_unknown', { as })
  await play('inferences_download_unknown', { as })
  await play('inferences_download_baduuid', { as })
}

/** What another user sees of it. */
export async function playStranger({ play }: Replay, { eve: as }: People): Promise<void> {
  await play('inferences_create_foreign', { as })
  await play('inferences_get_other_user', { as })
  await play('inferences_job_status_other_user', { as })
  await play('inferences_download_other_user', { as })
}

/** Starts inferences until the balance is too low for one more, and looks at the last one while it is on. */
export async function playToTheLastToken(replay: Replay, people: People): Promise<void> {
  const { mario: as, administrator } = people
  const { play, playUntil, send, standIns } = replay
  const price = inferencePrice
  let balance = await readBalance(replay, as)
  while (balance >= price) {
    const json = { datasetName: 'Inpainting dataset' }
    await send({ method: 'POST', path: '/api/inferences/', json }, { as })
    balance = await readBalance(replay, as)
  }
  // The ledger's list follows the accounts, and an inference is pending until it has ended.
  await playUntil('admin_transactions_filter', hasTransactions, { as: administrator })

  const inTokens = (amount: number) => String(Math.round(amount * 1000) / 1000)
  standIns.learn('Required: 19 tokens', `Required: ${inTokens(price)} tokens`)
  standIns.learn('balance: 0.05 tokens', `balance: ${inTokens(balance)} tokens`)
  standIns.learn('Shortfall: 18.95 tokens', `Shortfall: ${inTokens(price - balance)} tokens`)
  await play('inferences_create_insufficient', { as })
}

function hasEnded(answer: Parameters<typeof readAt>[0]): boolean {
  return ['completed', 'failed'].includes(readTextAt(answer, 'data.status'))
}

function hasTransactions(answer: Parameters<typeof readAt>[0]): boolean {
  const transactions = readAt(answer, 'data.transactions')
  return Array.isArray(transactions) && transactions.length > 0
}
