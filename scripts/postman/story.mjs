import { admin } from './story/admin.mjs'
import { dataset } from './story/dataset.mjs'
import { inference } from './story/inference.mjs'
import { user } from './story/user.mjs'

export { farewell } from './story/farewell.mjs'

/** The folders, in the order in which they are run. */
export const folders = [user, dataset, inference, admin]

export const introduction = [
  'Removes things from pictures and videos.',
  'Every operation of the API, in an order in which the whole collection runs from start to end: what an answer names, such as an access token or a job, is kept in a variable of the collection, which later requests send. Uploads and jobs are asked about until they have ended. Datasets and accounts are deleted last, after the four folders.',
  'Before the first run: choose the environment, and have Postman find the sample files (Settings, General, Working directory: the folder `docs/samples`).',
].join('\n\n')
