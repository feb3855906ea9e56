import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'

/** D1 through drizzle, and as it is for statements that drizzle has no words for. */
export interface Database {
  readonly query: DrizzleD1Database
  readonly raw: D1Database
}

export function createDatabase(raw: D1Database): Database {
  return { query: drizzle(raw), raw }
}
