import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root: every other path of the scripts starts here. */
export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/[/\\]$/, '')

/** @param {...string} parts */
export const fromRoot = (...parts) => path.join(root, ...parts)

export const inferenceFolder = fromRoot('inference-container')
export const virtualEnvironment = path.join(inferenceFolder, '.venv')
export const pythonProgram = path.join(virtualEnvironment, 'bin', 'python')
/** What the scripts remember between runs and git does not. */
export const scratchFolder = fromRoot('.wrangler')
