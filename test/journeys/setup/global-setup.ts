import type { TestProject } from 'vitest/node'
import { startSystem } from './system.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the API of the journeys' system is, without a slash at the end. */
    apiUrl: string
    inferenceUrl: string
    /** Its STATE_DIR. */
    stateFolder: string
  }
}

/** Starts the system once for all journeys, on free ports and with nothing stored, and takes it away after them. */
export default async function setUp(project: TestProject) {
  const system = await startSystem()
  project.provide('apiUrl', system.apiUrl)
  project.provide('inferenceUrl', system.inferenceUrl)
  project.provide('stateFolder', system.stateFolder)
  return async () => {
    await system.stop('SIGINT')
    system.forget()
  }
}
