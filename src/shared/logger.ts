export type LogFields = Readonly<Record<string, unknown>>

/** Structured logs: one JSON object a line. Fields hold ids and figures, never secrets, passwords or access tokens. */
export interface Logger {
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

type Level = keyof Logger

export function createLogger(context: LogFields = {}): Logger {
  const write = (level: Level) => (event: string, fields?: LogFields) =>
    console[level](JSON.stringify({ level, event, ...context, ...fields }))
  return { info: write('info'), warn: write('warn'), error: write('error') }
}

/** What a log may say of an error that was caught: its name, message and stack. */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: String(error) }
  return { error: error.message, errorName: error.name, stack: error.stack }
}
