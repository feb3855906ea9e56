import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { sweepIngestions } from '../../../src/datasets/uploads/ingestion/sweep-ingestions.ts'
import { sweepUploads } from '../../../src/datasets/uploads/sweep-uploads.ts'
import { createDatabase } from '../../../src/shared/database.ts'
import { createArchive } from '../../media/archives/archive-builder.ts'
import { createHeldContext, deliverUploads, receive } from '../../support/ingestions.ts'
import { createUploader, mask, picture } from '../../support/uploads.ts'

/** SQLite's plan for a statement, whatever its parameters. */
async function explain(sql: string): Promise<string[]> {
  const numbers = [...sql.matchAll(/\?(\d*)/g)].map(([, number]) => Number(number))
  const parameters = Array.from({ length: Math.max(...numbers) || numbers.length }, () => null)
  const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...parameters)
    .all<{ detail: string }>()
  return results.map(({ detail }) => detail)
}

/** A step that reads a whole table; what the statement made itself is as small as its limit. */
const isWhole = (step: string) =>
  /^SCAN (?!CONSTANT|walk|json_each|operation|stored|\()\w+/.test(step) && !/USING/.test(step)

it('What steps of an upload and the sweep ask, they find by an index', async () => {
  const statements = new Set<string>()
  const raw = new Proxy(env.DB, {
    get(target, name) {
      if (name === 'prepare') {
        return (sql: string) => {
          statements.add(sql)
          return target.prepare(sql)
        }
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const { context, sent } = createHeldContext({ minutes: 31 * 24 * 60 })
  const watched = { ...context, database: createDatabase(raw) }
  const mario = await createUploader()
  const files = [
    { name: 'a/image_1.png', content: picture },
    { name: 'a/mask_1.png', content: mask },
  ]
  const now = createHeldContext()
  const id = await receive({ ...now.context, database: watched.database }, mario, {
    image: [createArchive(files), 'a.zip'],
  })
  await deliverUploads({ ...now.context, database: watched.database }, [id])
  await sweepIngestions({ ...watched, createId: () => '' })
  await sweepUploads(watched)
  expect(sent).toEqual([])
  expect(statements.size).toBeGreaterThan(30)
  for (const sql of statements) expect((await explain(sql)).filter(isWhole), sql).toEqual([])
})
