import { defaultWaitSeconds, waitSecondsMax } from './ingestions.lifecycle.ts'

export interface Preference {
  readonly waitSeconds: number
  /** The value of `Preference-Applied`; null when nothing was asked for. */
  readonly applied: string | null
}

/**
 * How long a request waits for its upload, by its `Prefer` header (RFC 7240): `wait=N` for N seconds, at most 25;
 * `respond-async` not at all, or as long as a `wait` beside it says. What cannot be read is left out, as the RFC asks.
 */
export function readPreference(header: string | undefined): Preference {
  const preferences = new Map(
    (header ?? '').split(/[,;]/).map((preference) => {
      const [name = '', value = ''] = preference.split('=')
      return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')] as const
    }),
  )
  const isAsync = preferences.has('respond-async')
  const wait = preferences.get('wait')
  const waitSeconds =
    wait !== undefined && /^\d{1,9}$/.test(wait) ? Math.min(Number(wait), waitSecondsMax) : null
  const applied = [
    ...(isAsync ? ['respond-async'] : []),
    ...(waitSeconds === null ? [] : [`wait=${waitSeconds}`]),
  ].join(', ')
  return {
    waitSeconds: waitSeconds ?? (isAsync ? 0 : defaultWaitSeconds),
    applied: applied === '' ? null : applied,
  }
}
