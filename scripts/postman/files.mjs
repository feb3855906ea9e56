import { fromRoot } from '../lib/paths.mjs'
import { createCollection, createEnvironment } from './collection.mjs'

/** @param {...string} parts */
const inFolder = (...parts) => fromRoot('docs', 'postman', ...parts)

/**
 * The collection and the environment as they stand in docs/postman.
 * @param {import('../lib/api-document.mjs').ApiDocument} document
 */
export function createFiles(document) {
  return [
    {
      file: inFolder('pa-inpainting.postman_collection.json'),
      content: createCollection(document),
    },
    { file: inFolder('pa-inpainting.postman_environment.json'), content: createEnvironment() },
  ].map(({ file, content }) => ({ file, text: `${JSON.stringify(content, null, 2)}\n` }))
}
