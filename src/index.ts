import { createApp } from './app.ts'

export { TokenAccount } from './ledger/token-account.object.ts'

const app = createApp()

export default {
  fetch: app.fetch,
} satisfies ExportedHandler<Env>
