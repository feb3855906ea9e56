import { defineConfig } from 'vitest/config'

/** Whole stories against the running system, as a client sees it: plain Node, HTTP, one system for all files. */
export default defineConfig({
  test: {
    include: ['test/journeys/**/*.test.ts'],
    globalSetup: ['./test/journeys/setup/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
})
