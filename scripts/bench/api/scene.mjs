import { makePair } from './pairs.mjs'
import { register } from './person.mjs'

/** As many pairs as a page of items has. */
const pairCount = 10

/**
 * A user with a dataset of ten pairs and a job over it that has ended: what the read routes are asked about.
 * @param {string} url @param {import('./person.mjs').Credentials} administrator
 * @returns {Promise<import('./read-routes.mjs').Facts>}
 */
export async function setScene(url, administrator) {
  const { user, admin } = await register(url, administrator)
  const dataset = `bench-${Date.now()}`
  await user.send('POST', '/api/datasets', { name: dataset, tags: ['bench', 'scratch'] })
  for (let number = 1; number <= pairCount; number += 1) {
    await user.upload(dataset, makePair(number))
  }
  const { id, jobId } = await user.runJob(dataset, 'telea')
  const { data } = await user.send('GET', '/api/users/profile')
  return { userId: data.id, dataset, inference: id, job: jobId, user, admin }
}
