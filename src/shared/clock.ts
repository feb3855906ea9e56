/** Where the time comes from; a test passes its own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number
}

export const systemClock: Clock = { nowMs: () => Date.now() }

/** ISO 8601 in UTC with milliseconds, the format of every time in the API. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString()
}

export function formatOptionalTime(ms: number | null): string | null {
  return ms === null ? null : formatTime(ms)
}
