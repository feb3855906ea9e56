import recordedAnswers from './recorded-answers.json' with { type: 'json' }

/** A request that the original was sent, and what it answered. */
export interface Recorded {
  readonly request: {
    readonly method: string
    readonly path: string
    /** Whether an access token came with it. */
    readonly auth: boolean
    /** The JSON body; a text is a raw body. */
    readonly json?: unknown
    readonly multipart?: string
  }
  readonly status: number
  /** The JSON body; `<N bytes>` stands for bytes. */
  readonly body: unknown
}

export const recorded: Readonly<Record<string, Recorded>> = recordedAnswers

/** Throws for a name that is not in the recording. */
export function findRecordedOrThrow(name: string): Recorded {
  const found = recorded[name]
  if (found) return found
  throw new Error(`The recording has no request '${name}'.`)
}

/** How many bytes a recorded body stands for, or null where it is JSON. */
export function recordedBytesOf(body: unknown): number | null {
  const bytes = typeof body === 'string' ? /^<(\d+) bytes>$/.exec(body)?.[1] : undefined
  return bytes === undefined ? null : Number(bytes)
}
