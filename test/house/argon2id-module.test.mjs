import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { argon2idModule } from '../../scripts/argon2id.mjs'

it('argon2id.wasm is what scripts/argon2id.mjs makes of its source', () => {
  const file = path.join(import.meta.dirname, '../../src/users/argon2id.wasm')
  expect(Buffer.from(argon2idModule).equals(readFileSync(file))).toBe(true)
})
