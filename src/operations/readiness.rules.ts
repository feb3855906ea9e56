/*
 * What each dependency is for, and so what it means that one is away:
 *
 *   database, mediaStore, tokenAccounts   nothing can be served without them: the API is not ready (503)
 *   inferenceService, queue               everything but new results goes on, and what was started waits: degraded (200),
 *                                         since taking the API out of service would only add to the trouble
 */

export type DependencyStatus = 'up' | 'degraded' | 'down'

/** What one dependency answered; the figures beside its status are its own. */
export interface DependencyAnswer {
  readonly status: DependencyStatus
  /** A sentence about what is wrong; null where nothing is. */
  readonly problem: string | null
  readonly [figure: string]: string | number | null
}

export interface DependencyReport extends DependencyAnswer {
  /** How long the answer took, in milliseconds; as long as was waited for one that did not answer. */
  readonly ms: number
}

export const dependencyNames = [
  'database',
  'mediaStore',
  'tokenAccounts',
  'inferenceService',
  'queue',
] as const

export type DependencyName = (typeof dependencyNames)[number]

export type Dependencies = Readonly<Record<DependencyName, DependencyReport>>

export type ReadinessStatus = 'ready' | 'degraded' | 'unavailable'

const needed: readonly DependencyName[] = ['database', 'mediaStore', 'tokenAccounts']

export function readinessOf(dependencies: Dependencies): ReadinessStatus {
  if (needed.some((name) => dependencies[name].status === 'down')) return 'unavailable'
  return dependencyNames.some((name) => dependencies[name].status !== 'up') ? 'degraded' : 'ready'
}

/** The dependencies that are not as they should be. */
export function troublesOf(dependencies: Dependencies): DependencyName[] {
  return dependencyNames.filter((name) => dependencies[name].status !== 'up')
}

/** A sweep sends again what was sent 45 s ago and not begun: an older message says that no sweep runs. */
export const oldestMessageMsMax = 5 * 60_000

/** The newest migration that this code reads and writes by. */
export const neededMigration = '0003_operations_and_safety.sql'

/** Migrations are numbered, so that their names are in their order; a newer one only adds. */
export function hasMigrations(newest: string | null): boolean {
  return newest !== null && newest >= neededMigration
}
