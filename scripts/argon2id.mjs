/** `node scripts/argon2id.mjs` writes src/users/argon2id.wasm anew, after a change of what it is made from. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { createModule } from './argon2id/assembler.mjs'
import { compression } from './argon2id/compression.mjs'
import { filling } from './argon2id/filling.mjs'

export const argon2idModule = createModule([compression, filling])

if (import.meta.main) {
  const file = path.join(import.meta.dirname, '../src/users/argon2id.wasm')
  writeFileSync(file, argon2idModule)
  console.log(`${file}: ${argon2idModule.length} bytes`)
}
