import { createApp, servicesOf } from './app.ts'
import { consumeDeadTasks, consumeTasks } from './inferences/tasks/tasks.consumer.ts'
import { sweep } from './sweep.ts'

export { TokenAccount } from './ledger/account/token-account.object.ts'

const app = createApp()

export default {
  fetch: app.fetch,
  queue: (batch, env) =>
    batch.queue.endsWith('-dead')
      ? consumeDeadTasks(servicesOf(env), batch)
      : consumeTasks(servicesOf(env), batch),
  scheduled: (_controller, env) => sweep(servicesOf(env)),
} satisfies ExportedHandler<Env>
