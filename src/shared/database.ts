import { fillPlaceholders, type Query } from 'drizzle-orm'
import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'

/** D1 through drizzle, and as it is for statements that drizzle has no words for. */
export interface Database {
  readonly query: DrizzleD1Database
  readonly raw: D1Database
}

export function createDatabase(raw: D1Database): Database {
  return { query: drizzle(raw), raw }
}

/**
 * A query that each database builds once, with `sql.placeholder` where values come: building one takes drizzle longer than
 * D1's binding takes to send it.
 */
export function preparedOnce<Prepared>(
  prepare: (query: DrizzleD1Database) => Prepared,
): (database: Pick<Database, 'query'>) => Prepared {
  const known = new WeakMap<DrizzleD1Database, Prepared>()
  return ({ query }) => {
    const prepared = known.get(query) ?? prepare(query)
    known.set(query, prepared)
    return prepared
  }
}

interface PreparedSelect<Row> {
  all(values?: Record<string, unknown>): Promise<Row[]>
  getQuery(): Pick<Query, 'params'>
  mapResult(response: unknown, isFromBatch?: boolean): unknown
}

/** The rows of two prepared queries with the same values, in one call of D1. */
export async function selectBoth<One, Other>(
  { raw }: Pick<Database, 'raw'>,
  prepared: readonly [PreparedSelect<One>, PreparedSelect<Other>],
  values: Record<string, unknown>,
): Promise<[One[], Other[]]> {
  const statements = prepared.map((one) => {
    // What drizzle prepared, and its types do not tell of.
    const { stmt } = one as typeof one & { readonly stmt: D1PreparedStatement }
    return stmt.bind(...fillPlaceholders(one.getQuery().params, values))
  })
  const results = await raw.batch(statements)
  const [one, other] = prepared.map((each, i) => each.mapResult(results[i], true))
  return [one as One[], other as Other[]]
}

/** Whether D1 refused a statement because a unique index already holds the value. */
export function isUniqueViolation(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause.message.includes('UNIQUE constraint failed')) return true
  }
  return false
}
