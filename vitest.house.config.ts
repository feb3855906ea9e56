import { defineConfig } from 'vitest/config'

/** The rules of the house: they read the repository's files and run none of the Worker. */
export default defineConfig({
  test: {
    include: ['test/{house,deploy,scale}/**/*.test.{ts,mjs}'],
    testTimeout: 30_000,
  },
})
