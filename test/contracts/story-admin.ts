import type { Replay } from './replay.ts'
import { createForm, uploadPairs } from './story-media.ts'
import { type People, registerExtra } from './story-people.ts'

/**
 * A user with nothing left: 7 uploads at 0.65 and 5 inferences over 7 items at 2.75 cost 100.8 tokens, which is the
 * initial grant and a recharge of 0.8.
 */
export async function playEmptyPurse(replay: Replay, people: People): Promise<void> {
  const { play, send } = replay
  const poor = await registerExtra(replay, people)
  const as = poor.token
  const datasetName = 'd'
  await recharge(0.8)
  await send({ method: 'POST', path: '/api/datasets/', json: { name: datasetName } }, { as })
  await uploadPairs(replay, { as, datasetName, count: 7 })
  for (let started = 0; started < 5; started += 1) {
    await send({ method: 'POST', path: '/api/inferences/', json: { datasetName } }, { as })
  }
  await play('datasets_upload_zero_balance', { as, form: await createForm({ datasetName }) })
  await recharge(0.5)
  await play('datasets_upload_insufficient', { as, form: await createForm({ datasetName }) })

  async function recharge(amount: number): Promise<void> {
    const json = { email: poor.email, amount }
    await send(
      { method: 'POST', path: '/api/admin/user-tokens', json },
      { as: people.administrator },
    )
  }
}

export async function playRecharges({ play }: Replay, people: People): Promise<void> {
  await play('admin_forbidden', { as: people.mario })
  const as = people.administrator
  await play('admin_recharge_200', { as })
  await play('admin_recharge_string', { as })
  await play('admin_recharge_zero', { as })
  await play('admin_recharge_neg', { as })
  await play('admin_recharge_3dec', { as })
  await play('admin_recharge_huge', { as })
  await play('admin_recharge_letters', { as })
  await play('admin_recharge_missing', { as })
  await play('admin_recharge_unknown', { as })
}

export async function playMonitoring({ play }: Replay, people: People): Promise<void> {
  const as = people.administrator
  await play('admin_user_tokens_200', { as })
  await play('admin_user_tokens_unknown', { as })
  await play('admin_transactions_200', { as })
  await play('admin_transactions_limit101', { as })
  await play('admin_transactions_baduser', { as })
  await play('admin_datasets_200', { as })
  await play('admin_datasets_includeDeleted', { as })
}
