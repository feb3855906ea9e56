/** What can be wrong; whether it could be repaired is told with each finding. */
export type FindingCode =
  | 'account.unavailable'
  | 'account.not_opened'
  | 'account.books_wrong'
  | 'projection.behind'
  | 'projection.entries_wrong'
  | 'projection.entries_unknown'
  | 'projection.balance_wrong'
  | 'reservation.open'
  | 'reservation.paid_for_nothing'
  | 'reservation.ended_otherwise'
  | 'inference.without_reservation'
  | 'upload.without_reservation'
  | 'media.object_missing'
  | 'media.object_unnamed'
  | 'media.objects_unnamed'
  | 'media.object_strange'

export interface Finding {
  readonly code: FindingCode
  readonly repaired: boolean
  /** How many things of the kind it tells of; `ids` names the first of them. */
  readonly count: number
  readonly ids: readonly string[]
  /** A sentence for people. */
  readonly message: string
}

/** What one page of a check found. */
export interface PageResult {
  readonly findings: readonly Finding[]
  readonly accountsChecked: number
  readonly objectsChecked: number
}

const idsMax = 10
/** What one reconciliation keeps of its findings; all of them are counted. */
export const findingsMax = 100

/** A finding of things by their ids; null where there are none. */
export function findingOf(
  found: Omit<Finding, 'count' | 'ids'> & { readonly ids: readonly string[] },
): Finding | null {
  if (found.ids.length === 0) return null
  return { ...found, count: found.ids.length, ids: found.ids.slice(0, idsMax) }
}

export function withoutNull<Value>(values: readonly (Value | null)[]): Value[] {
  return values.filter((value) => value !== null)
}

/** The findings with those of another page: those that could not be repaired go before the others. */
export function addFindings(known: readonly Finding[], more: readonly Finding[]): Finding[] {
  const all = [...known, ...more]
  return [
    ...all.filter(({ repaired }) => !repaired),
    ...all.filter(({ repaired }) => repaired),
  ].slice(0, findingsMax)
}

export function countFindings(findings: readonly Finding[], repaired: boolean): number {
  return findings
    .filter((finding) => finding.repaired === repaired)
    .reduce((total, { count }) => total + count, 0)
}
