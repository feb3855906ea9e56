import { statSync } from 'node:fs'
import { fromRoot } from '../lib/paths.mjs'

/** How many bytes a file of docs/samples has. @param {string} name */
export const sizeOfSample = (name) => statSync(fromRoot('docs', 'samples', name)).size
