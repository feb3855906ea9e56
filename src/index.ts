import { createApp, servicesOf } from './app.ts'
import {
  consumeDeadUploads,
  consumeUploads,
} from './datasets/uploads/ingestion/ingestions.consumer.ts'
import { consumeDeadTasks, consumeTasks } from './inferences/tasks/tasks.consumer.ts'
import { withLogFields } from './shared/logger.ts'
import { sweep } from './sweep.ts'

export { TokenAccount } from './ledger/account/token-account.object.ts'
export { RateLimiter } from './rate-limits/rate-limiter.object.ts'
export { LoginGuard } from './users/login-guard.object.ts'

const app = createApp()

/** A queue's name ends in what it carries, and in `-dead` for what was given up. */
function consumerOf(queue: string) {
  if (queue.endsWith('-uploads')) return consumeUploads
  if (queue.endsWith('-uploads-dead')) return consumeDeadUploads
  return queue.endsWith('-dead') ? consumeDeadTasks : consumeTasks
}

export default {
  fetch: app.fetch,
  queue: (batch, env) =>
    withLogFields({ runId: crypto.randomUUID(), queue: batch.queue }, () =>
      consumerOf(batch.queue)(servicesOf(env), batch),
    ),
  scheduled: (_controller, env) =>
    withLogFields({ runId: crypto.randomUUID() }, () => sweep(servicesOf(env))),
} satisfies ExportedHandler<Env>
