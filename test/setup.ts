import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'

// The files share a runtime: each begins with stores that hold nothing but the schema.
await reset()
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
