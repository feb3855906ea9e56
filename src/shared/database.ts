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

/** Whether D1 refused a statement because a unique index already holds the value. */
export function isUniqueViolation(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause.message.includes('UNIQUE constraint failed')) return true
  }
  return false
}
