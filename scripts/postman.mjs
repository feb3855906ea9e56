/**
 * `npm run postman`: makes the Postman collection in docs/postman, from the OpenAPI document of the app and from the story in
 * scripts/postman/story/.
 */
import { writeFileSync } from 'node:fs'
import { readApiDocument } from './lib/api-document.mjs'
import { Refusal, say } from './lib/say.mjs'
import { createFiles } from './postman/files.mjs'

try {
  for (const { file, text } of createFiles(readApiDocument())) {
    writeFileSync(file, text)
    say(`made ${file}`)
  }
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(error.message)
  process.exitCode = 1
}
