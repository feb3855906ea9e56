import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll, vi } from 'vitest'

// The files share a runtime: each begins with stores that hold nothing but the schema, and leaves no stand-in behind.
// Their modules are shared too, so that what a module keeps is kept for the files after it.
await reset()
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)

afterAll(() => {
  vi.restoreAllMocks()
})
