/**
 * `npm test`: everything that must hold before a change is merged, here as anywhere else.
 * `npm test -- worker` runs one step, `npm test -- worker test/users` a part of it.
 */
import { runSteps } from './lib/run-steps.mjs'

await runSteps(process.argv.slice(2))
