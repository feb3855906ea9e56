import { env } from 'cloudflare:workers'
import type { Entry } from '../../src/ledger/ledger.model.ts'
import type { Person, Wish } from './people.ts'
import { accountOf, type World } from './world.ts'

/** What does not hold after a story, each a sentence; nothing when money, jobs and bytes are as they must be. */
export async function findBroken(world: World, people: readonly Person[]): Promise<string[]> {
  const broken = [
    ...(await findOpen()),
    ...(await findWrongBooks()),
    ...(await findMissingBytes()),
    ...(await findOrphans()),
  ]
  for (const person of people) broken.push(...(await findBrokenPromises(person)))
  if (world.messageCount > 0) broken.push(`${world.messageCount} messages are left in the queues`)
  return broken
}

/** Accounts that do not hold what their users' finished work left of their tokens, or that the projection tells otherwise. */
export async function findWrongBooks(): Promise<string[]> {
  const users = await all<{ id: string }>('SELECT id FROM users')
  const broken = await Promise.all(users.map(({ id }) => findWrongAccount(id)))
  return broken.flat()
}

async function all<Row>(sql: string, ...values: unknown[]): Promise<Row[]> {
  const { results } = await env.DB.prepare(sql)
    .bind(...values)
    .all<Row>()
  return results
}

/** Work that has not come to its end, or tells of itself what is not so. */
const openWork = [
  `SELECT 'inference ' || id || ' is ' || state AS what FROM inferences
   WHERE ended_at IS NULL OR settled_at IS NULL OR state IN ('PENDING', 'RUNNING')`,
  `SELECT 'task ' || id || ' is ' || state AS what FROM inference_tasks
   WHERE state IN ('WAITING', 'READY', 'PENDING', 'RUNNING')`,
  `SELECT 'item ' || position || ' of inference ' || inference_id || ' is PENDING' AS what
   FROM inference_items WHERE state = 'PENDING'`,
  `SELECT 'a video of inference ' || inference_id || ' is PENDING' AS what
   FROM inference_videos WHERE state = 'PENDING'`,
  `SELECT 'upload ' || id || ' is ' || state AS what FROM ingestions WHERE ended_at IS NULL`,
  `SELECT 'inference ' || id || ' counts ' || succeeded_count || ' and ' || failed_count AS what
   FROM inferences WHERE
     succeeded_count <> (SELECT count(*) FROM inference_items
       WHERE inference_id = inferences.id AND state = 'SUCCEEDED')
     OR failed_count <> (SELECT count(*) FROM inference_items
       WHERE inference_id = inferences.id AND state = 'FAILED')`,
]

async function findOpen(): Promise<string[]> {
  const found = await env.DB.batch<{ what: string }>(openWork.map((sql) => env.DB.prepare(sql)))
  return found.flatMap(({ results }) => results.map(({ what }) => what))
}

/** The account against its own entries, the projection, and what the user got for the tokens. */
async function findWrongAccount(userId: string): Promise<string[]> {
  const account = accountOf(userId)
  const { balance, entries } = await account.statement({ limit: 1000 })
  const broken: string[] = []
  const expect = (what: string, is: unknown, must: unknown) => {
    if (JSON.stringify(is) !== JSON.stringify(must)) {
      broken.push(`${what} of ${userId}: ${JSON.stringify(is)}, must be ${JSON.stringify(must)}`)
    }
  }
  const sum = (of: readonly Entry[]) => of.reduce((total, { amount }) => total + amount, 0)
  const moving = entries.filter(({ status }) => status !== 'aborted')
  expect('balance', balance, sum(moving))
  if (balance < 0) broken.push(`the balance of ${userId} is ${balance}`)
  expect(
    'pending reservations',
    entries.filter(({ status }) => status === 'pending').map(({ operationId }) => operationId),
    [],
  )

  const [spent] = await all<{ uploads: number; inferences: number }>(
    `SELECT (SELECT coalesce(sum(price), 0) FROM uploads WHERE user_id = ?1) AS uploads,
       (SELECT coalesce(sum(unit), 0) FROM (SELECT CASE items.kind WHEN 'frame' THEN frame_unit_price
          ELSE image_unit_price END AS unit FROM inference_items AS items
          JOIN inferences ON inferences.id = items.inference_id
          WHERE inferences.user_id = ?1 AND items.state = 'SUCCEEDED')) AS inferences`,
    userId,
  )
  const of = (type: string) => sum(moving.filter((entry) => entry.operationType === type))
  const refunds = moving.filter(({ operationType }) => operationType === 'refund')
  const refundsOf = (type: string) => {
    const ids = new Set(moving.filter((one) => one.operationType === type).map(({ id }) => id))
    return sum(refunds.filter(({ reservationId }) => ids.has(reservationId ?? '')))
  }
  expect('paid for uploads', -(of('dataset_upload') + refundsOf('dataset_upload')), spent?.uploads)
  expect('paid for inferences', -(of('inference') + refundsOf('inference')), spent?.inferences)

  const told = await all<Entry>(
    `SELECT id, sequence, operation_type AS operationType, operation_id AS operationId,
       reservation_id AS reservationId, amount, balance_before AS balanceBefore, balance_after AS balanceAfter,
       status, description, version, created_at AS createdAt
     FROM token_transactions WHERE user_id = ?1 ORDER BY sequence`,
    userId,
  )
  const bySequence = [...entries].sort((one, other) => one.sequence - other.sequence)
  expect('projected entries', told.map(sortKeys), bySequence.map(sortKeys))
  const [projected] = await all<{ balance: number }>(
    'SELECT balance FROM token_accounts WHERE user_id = ?1',
    userId,
  )
  expect('projected balance', projected?.balance, balance)
  return broken
}

const sortKeys = (entry: Entry) =>
  Object.fromEntries(Object.entries(entry).sort(([one], [other]) => (one < other ? -1 : 1)))

/** Rows that name an object which is not there. */
async function findMissingBytes(): Promise<string[]> {
  const stored = await listStored()
  const named = await listNamed()
  return named
    .filter(({ key }) => !stored.has(key))
    .map(({ key, what }) => `${what} ${key} is not there`)
}

/** Objects that no row names. */
async function findOrphans(): Promise<string[]> {
  const named = new Set((await listNamed()).map(({ key }) => key))
  return [...(await listStored())]
    .filter((key) => !named.has(key))
    .map((key) => `nothing names ${key}`)
}

async function listStored(): Promise<Set<string>> {
  const keys = new Set<string>()
  let cursor: string | undefined
  do {
    const page = await env.MEDIA.list({ limit: 1000, ...(cursor ? { cursor } : {}) })
    for (const { key } of page.objects) keys.add(key)
    cursor = page.truncated ? page.cursor : undefined
  } while (cursor)
  return keys
}

function listNamed(): Promise<{ key: string; what: string }[]> {
  return all(
    `SELECT image_key AS key, 'the picture' AS what FROM dataset_items
     UNION SELECT mask_key, 'the mask' FROM dataset_items
     UNION SELECT source_key, 'the video' FROM videos
     UNION SELECT result_key, 'the result' FROM inference_items JOIN inferences ON inferences.id = inference_id
       WHERE inference_items.state = 'SUCCEEDED' AND results_deleted_at IS NULL
     UNION SELECT result_key, 'the result video' FROM inference_videos JOIN inferences ON inferences.id = inference_id
       WHERE inference_videos.state = 'SUCCEEDED' AND results_deleted_at IS NULL`,
  )
}

/** What the person was told against what is there. */
async function findBrokenPromises(person: Person): Promise<string[]> {
  const broken: string[] = []
  const count = async (sql: string) =>
    (await all<{ count: number }>(sql, person.userId))[0]?.count ?? 0
  const check = (
    what: string,
    is: number,
    wishes: readonly Wish[],
    weigh: (wish: Wish) => number,
  ) => {
    const sum = (pick: (wish: Wish) => number) =>
      wishes.reduce((total, wish) => total + pick(wish) * weigh(wish), 0)
    const least = sum(({ told }) => told)
    const most = sum(({ possible }) => possible)
    if (is < least || is > most) {
      broken.push(`${what} of ${person.email}: ${is}, told ${least}, possible ${most}`)
    }
  }
  const of = (kind: Wish['kind']) => person.wishes.filter((wish) => wish.kind === kind)
  check(
    'uploads',
    await count('SELECT count(*) AS count FROM uploads WHERE user_id = ?1'),
    of('upload'),
    () => 1,
  )
  check(
    'inferences',
    await count('SELECT count(*) AS count FROM inferences WHERE user_id = ?1'),
    of('inference'),
    () => 1,
  )
  const { entries } = await accountOf(person.userId).statement({ limit: 1000 })
  const recharged = entries.filter(({ operationType }) => operationType === 'admin_recharge')
  check(
    'recharged thousandths',
    recharged.reduce((sum, { amount }) => sum + amount, 0),
    of('recharge'),
    ({ amount }) => amount,
  )
  const incomplete = await all<{ id: string }>(
    `SELECT uploads.id FROM uploads JOIN datasets ON datasets.id = dataset_id
     WHERE uploads.user_id = ?1 AND media_freed_at IS NULL AND uploads.item_count <>
       (SELECT count(*) FROM dataset_items WHERE upload_id = uploads.id)`,
    person.userId,
  )
  for (const id of person.aborted) {
    const [job] = await all<{ state: string }>('SELECT state FROM inferences WHERE id = ?1', id)
    if (job?.state !== 'ABORTED')
      broken.push(`the inference ${id} was aborted and is ${job?.state}`)
  }
  broken.push(...incomplete.map(({ id }) => `the upload ${id} has not all of its items`))
  return broken
}
