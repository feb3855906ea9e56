import { readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { neededMigration } from '../../src/operations/readiness.rules.ts'
import { root } from './repository.ts'

it('the migration that /health/ready asks for is the newest there is', () => {
  const migrations = readdirSync(path.join(root, 'migrations')).filter((name) =>
    name.endsWith('.sql'),
  )
  expect(neededMigration).toBe(migrations.sort().at(-1))
})
