import { AsyncLocalStorage } from 'node:async_hooks'

export type LogFields = Readonly<Record<string, unknown>>

/** Structured logs: one JSON object a line. Fields hold ids and figures, never secrets, passwords or access tokens. */
export interface Logger {
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

type Level = keyof Logger

const scope = new AsyncLocalStorage<LogFields>()

/** Does work whose log lines, whoever writes them, all carry these fields: a request's id, say. */
export function withLogFields<Result>(fields: LogFields, work: () => Result): Result {
  return scope.run({ ...scope.getStore(), ...fields }, work)
}

export function createLogger(context: LogFields = {}): Logger {
  const write = (level: Level) => (event: string, fields?: LogFields) =>
    console[level](JSON.stringify({ level, event, ...scope.getStore(), ...context, ...fields }))
  return { info: write('info'), warn: write('warn'), error: write('error') }
}

/**
 * What a log may say of an error that was caught: its name, message and where it came from. A failed query's message
 * carries the values of the query, hashes of passwords among them: of those the cause is told and no value.
 */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: String(error) }
  const [statement, ...values] = error.message.split('\nparams: ')
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  const message = values.length === 0 ? error.message : `${statement}${cause}`
  return { error: message, errorName: error.name, stack: listFrames(error.stack) }
}

/** A stack without the message that it begins with. */
function listFrames(stack: string | undefined): string | undefined {
  return stack
    ?.split('\n')
    .filter((line) => /^\s+at \S/.test(line))
    .join('\n')
}
