import { Refusal, say } from '../../lib/say.mjs'
import { makePair } from './pairs.mjs'
import { register } from './person.mjs'

/** As many pairs as a page of items has. */
const pairCount = 10
export const ownModel = 'telea'
const nothing = '00000000-0000-4000-8000-000000000000'

/**
 * A user with a dataset of ten pairs and a job over it that has ended: what the read routes are asked about.
 * @param {string} url @param {import('./person.mjs').Credentials} administrator
 * @returns {Promise<import('./read-routes.mjs').Facts>}
 */
export async function setScene(url, administrator) {
  const { user, admin, dataset } = await begin(url, administrator)
  const { id, jobId } = await user.runJob(dataset, ownModel)
  return {
    ...(await describe(user)),
    dataset,
    inference: id,
    job: jobId,
    user,
    admin,
    model: ownModel,
  }
}

/**
 * The same on another server: what it does not have is said and left out. Undefined where nobody can be registered there.
 * @param {string} url @param {import('./person.mjs').Credentials} administrator
 * @returns {Promise<import('./read-routes.mjs').Facts | undefined>}
 */
export async function setOtherScene(url, administrator) {
  const begun = await unlessRefused(() => begin(url, administrator))
  if (!begun) return undefined
  const { user, admin, dataset } = begun
  const facts = { ...(await describe(user)), dataset, inference: nothing, job: 0, user, admin }
  for (const model of [ownModel, 'default_inpainting']) {
    const job = await unlessRefused(() => user.runJob(dataset, model))
    if (job) return { ...facts, inference: job.id, job: job.jobId, model }
  }
  return { ...facts, model: null }
}

/** @param {string} url @param {import('./person.mjs').Credentials} administrator */
async function begin(url, administrator) {
  const { user, admin } = await register(url, administrator)
  const dataset = `bench-${Date.now()}`
  await user.send('POST', '/api/datasets', { name: dataset, tags: ['bench', 'scratch'] })
  for (let number = 1; number <= pairCount; number += 1) {
    await user.upload(dataset, makePair(number))
  }
  return { user, admin, dataset }
}

/** @param {import('./person.mjs').Person} user */
async function describe(user) {
  const { data } = await user.send('GET', '/api/users/profile')
  return { userId: data.id }
}

/** What another server lacks is said, and undefined. @template Result @param {() => Promise<Result>} work */
export async function unlessRefused(work) {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    say(`  left out of the other server: ${error.message}`)
    return undefined
  }
}
