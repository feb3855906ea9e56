import { env } from 'cloudflare:workers'
import type { Finding } from '../../src/reconciliation/findings.rules.ts'
import { type ReconcileContext, stepReconciliation } from '../../src/reconciliation/reconcile.ts'
import { firstCursor } from '../../src/reconciliation/reconciliations.lifecycle.ts'
import {
  createStartStatement,
  findReconciliation,
} from '../../src/reconciliation/reconciliations.repository.ts'
import { silentLogger } from '../support/people.ts'
import { services } from '../support/world.ts'

export const hour = 60 * 60_000
export const day = 24 * hour

/** Findings are logged as errors, and here they are wanted. */
export const context: ReconcileContext = { ...services, logger: silentLogger }

/** A context in which so much time has passed. */
export function later(passedMs: number, changes: Partial<ReconcileContext> = {}): ReconcileContext {
  return { ...context, ...changes, clock: { nowMs: () => Date.now() + passedMs } }
}

/** Starts one, and answers its id. */
export async function start(nowMs = Date.now()): Promise<string> {
  const id = crypto.randomUUID()
  await createStartStatement(services.database, {
    id,
    startedBy: 'a test',
    cursor: firstCursor,
    nowMs,
  }).run()
  return id
}

/** Runs one reconciliation to its end; answers its row and what it found. */
export async function reconcile(using: ReconcileContext = context) {
  const id = await start(using.clock.nowMs())
  let row = await findReconciliation(services.database, id)
  for (let step = 0; step < 100 && row?.state === 'RUNNING'; step += 1) {
    await stepReconciliation(using, hour)
    row = await findReconciliation(services.database, id)
  }
  if (row?.state !== 'COMPLETED') throw new Error(`It is ${row?.state} at ${row?.cursor}.`)
  return { row, findings: JSON.parse(row.findings) as Finding[] }
}

/** What a reconciliation finds of these ids. */
export async function findingsOf(ids: readonly string[], using?: ReconcileContext) {
  const { findings } = await reconcile(using)
  return findings.filter((finding) => finding.ids.some((id) => ids.includes(id)))
}

export async function change(sql: string, ...values: unknown[]): Promise<void> {
  await env.DB.prepare(sql)
    .bind(...values)
    .run()
}
