/** `npm run check`: the steps that read the code without running it. */
import { runSteps } from './lib/run-steps.mjs'

await runSteps(['static'])
