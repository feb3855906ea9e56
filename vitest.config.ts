import path from 'node:path'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

/** Secrets of the test run; they open nothing. */
const testSecrets = {
  JWT_SECRET: 'test-jwt-secret-0123456789-0123456789',
  JWT_SECRET_PREVIOUS: 'test-previous-jwt-secret-0123456789-01',
  MEDIA_URL_SECRET: 'test-media-url-secret-0123456789-0123',
  INFERENCE_SECRET: 'test-inference-secret-0123456789-0123',
  S3_ACCESS_KEY_ID: '0123456789abcdef0123456789abcdef',
  S3_SECRET_ACCESS_KEY: 'local-development-secret-access-key',
}

/** Which stories of the simulation are played: a few, or those that `npm run simulate` names; each with its own share of faults, or with this. */
function readStories({ STORIES_FROM = '0', STORIES = '6', STORIES_FAULTS }: NodeJS.ProcessEnv) {
  const faultRate = STORIES_FAULTS ? Number(STORIES_FAULTS) : null
  return { first: Number(STORIES_FROM), count: Number(STORIES), faultRate }
}

/** From which seed the fuzzing is made up, and how many times as many requests as usual it sends. */
function readFuzz({ FUZZ_SEED = '6', FUZZ_TIMES = '1' }: NodeJS.ProcessEnv) {
  return { seed: Number(FUZZ_SEED), times: Number(FUZZ_TIMES) }
}

export default defineConfig(async () => {
  const migrations = await readD1Migrations(path.join(import.meta.dirname, 'migrations'))
  return {
    plugins: [
      cloudflareTest({
        wrangler: { configPath: './wrangler.toml' },
        miniflare: {
          bindings: { ...testSecrets, TEST_MIGRATIONS: migrations },
          // For what is to hold of a database for each share of the users (docs/scale.md).
          d1Databases: { SECOND_DB: 'second' },
        },
      }),
    ],
    test: {
      setupFiles: ['./test/setup.ts'],
      include: ['test/**/*.test.ts'],
      exclude: ['test/{journeys,house,deploy,scale}/**'],
      // A runtime for each file would cost two seconds of every file: test/setup.ts empties the stores instead.
      isolate: false,
      // How fast something is, no test says: this only ends one that hangs.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      provide: { stories: readStories(process.env), fuzz: readFuzz(process.env) },
    },
  }
})
