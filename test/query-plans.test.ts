import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createApp } from '../src/app.ts'
import { recordAuditOnce } from '../src/audit/audit-log.repository.ts'
import { createDatabase } from '../src/shared/database.ts'
import { findLiveAdministrator } from '../src/users/users.repository.ts'
import { createUser } from './support/world.ts'

const app = createApp()

/** The real database, which remembers the statements that were prepared. */
function createRecorder() {
  const statements: string[] = []
  const database = new Proxy(env.DB, {
    get(target, name) {
      if (name === 'prepare') {
        return (sql: string) => {
          statements.push(sql)
          return target.prepare(sql)
        }
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { database, statements }
}

/** The statements of one request by a fresh person who has a dataset. */
async function record(path: string, role: 'user' | 'admin' = 'user'): Promise<string[]> {
  const { database, statements } = createRecorder()
  const person = await createUser({ role })
  const headers = {
    authorization: `Bearer ${person.accessToken}`,
    'content-type': 'application/json',
  }
  const body = JSON.stringify({ name: 'photos', tags: ['old'] })
  await app.request('/api/datasets/', { method: 'POST', headers, body }, env)
  const answer = await app.request(path, { headers }, { ...env, DB: database })
  expect(answer.status, await answer.clone().text()).toBe(200)
  return statements
}

/** SQLite's plan for a statement, whatever its parameters. */
async function explain(sql: string): Promise<string[]> {
  const numbers = [...sql.matchAll(/\?(\d*)/g)].map(([, number]) => Number(number))
  // A numbered parameter may stand in several places.
  const length = Math.max(0, ...numbers) || numbers.length
  const parameters = Array.from({ length }, () => null)
  const plan = env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).bind(...parameters)
  const { results } = await plan.all<{ detail: string }>()
  return results.map(({ detail }) => detail)
}

/** Steps that read what was cut to so many rows before. */
const bounded = ['SCAN (subquery-1)', 'SCAN recent']

/** An index that holds every row, read from one end to group by it: none of it is left out, as with a limit. */
const wholeIndex = /^SCAN \w+ USING (COVERING )?INDEX token_transactions_by_type/

/** A step that reads a whole table, or sorts what a page is cut from. */
const grows = (step: string) =>
  wholeIndex.test(step) ||
  (/^SCAN \w+/.test(step) && !/USING|json_each/.test(step)) ||
  /B-TREE FOR (RIGHT|LAST) .*ORDER BY/.test(step)

describe('What a request asks the database', () => {
  it.each([
    ['/api/users/profile', 1],
    ['/api/users/tokens', 1],
    ['/api/datasets/photos/data', 3],
    ['/api/datasets/', 2],
    ['/api/inferences/', 3],
    ['/api/uploads/', 3],
  ])('%s takes %i statements, the access token included', async (path, count) => {
    expect(await record(path)).toHaveLength(count)
  })

  it.each([
    ['/api/users/profile', 'user'],
    ['/api/datasets/', 'user'],
    ['/api/datasets/?includeDeleted=true', 'user'],
    ['/api/datasets/photos?includeDeleted=true', 'user'],
    ['/api/datasets/photos/data', 'user'],
    ['/api/inferences/', 'user'],
    ['/api/uploads/', 'user'],
    ['/api/admin/transactions', 'admin'],
    ['/api/admin/datasets', 'admin'],
    ['/api/admin/inferences', 'admin'],
    ['/api/admin/inferences?status=RUNNING', 'admin'],
    ['/api/admin/inferences?userId=00000000-0000-4000-8000-000000000000', 'admin'],
    ['/api/admin/datasets?tag=old', 'admin'],
    ['/api/admin/audit-log', 'admin'],
    ['/api/admin/reconciliations', 'admin'],
    ['/api/admin/metrics', 'admin'],
  ] as const)('%s reads by index and sorts no more than a page', async (path, role) => {
    for (const sql of await record(path, role)) {
      const steps = (await explain(sql)).filter((step) => !bounded.includes(step))
      expect(steps.filter(grows), sql).toEqual([])
    }
  })

  it('finds whether something is in the audit log among what its owner has there', async () => {
    const { database, statements } = createRecorder()
    await recordAuditOnce(createDatabase(database), {
      atMs: 1,
      actor: null,
      action: 'tokens.recharged',
      subjectKind: 'account',
      subjectId: 'somebody',
      ownerId: 'somebody',
      requestId: null,
      operationId: 'once',
    })
    const steps = await Promise.all(statements.map(explain))
    expect(steps.flat().join()).toContain('audit_log_by_owner')
  })

  it('finds an administrator among any number of users', async () => {
    const { database, statements } = createRecorder()
    await findLiveAdministrator(createDatabase(database))
    const steps = await Promise.all(statements.map(explain))
    expect(steps.flat().join()).toContain('users_live_administrators')
  })
})
