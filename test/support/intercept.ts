/** What is asked of a database, before it is. */
export interface DatabaseCall {
  readonly method: 'run' | 'first' | 'all' | 'raw' | 'batch'
  /** Of a statement that is asked alone. */
  readonly sql: string
  readonly statementCount: number
}

/** The methods of these names go through `around`; all others, and what is no method, are as they are. */
export function interceptMethods<Target extends object>(
  target: Target,
  names: readonly string[],
  around: (name: string, parameters: unknown[], call: () => Promise<unknown>) => unknown,
): Target {
  return new Proxy(target, {
    get(_, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== 'function') return value
      if (!names.includes(String(key))) return value.bind(target)
      return (...parameters: unknown[]) =>
        around(String(key), parameters, async () => Reflect.apply(value, target, parameters))
    },
  })
}

/** The database, of which each statement and each batch goes through `around`. */
export function interceptDatabase(
  raw: D1Database,
  around: (call: DatabaseCall, ask: () => Promise<unknown>) => Promise<unknown>,
): D1Database {
  const originals = new WeakMap<object, D1PreparedStatement>()
  const wrap = (statement: D1PreparedStatement, sql: string): D1PreparedStatement => {
    const asked = interceptMethods(statement, ['run', 'first', 'all', 'raw'], (name, _, ask) =>
      around({ method: name as DatabaseCall['method'], sql, statementCount: 1 }, ask),
    )
    const wrapped = new Proxy(asked, {
      get(target, key) {
        if (key !== 'bind') return Reflect.get(target, key)
        return (...values: unknown[]) => wrap(statement.bind(...values), sql)
      },
    })
    originals.set(wrapped, statement)
    return wrapped
  }
  const intercepted = {
    prepare: (sql: string) => wrap(raw.prepare(sql), sql),
    batch: (statements: D1PreparedStatement[]) =>
      around({ method: 'batch', sql: '', statementCount: statements.length }, () =>
        raw.batch(statements.map((statement) => originals.get(statement) ?? statement)),
      ),
  }
  return intercepted as unknown as D1Database
}
