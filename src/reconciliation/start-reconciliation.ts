import { auditChangeStatement } from '../audit/audit-log.repository.ts'
import { type ReconcileContext, stepReconciliation } from './reconcile.ts'
import { firstCursor, requestStepMs } from './reconciliations.lifecycle.ts'
import {
  createStartStatement,
  findReconciliation,
  findRunning,
} from './reconciliations.repository.ts'
import type { ReconciliationRow } from './reconciliations.table.ts'

/**
 * Starts a reconciliation, unless one runs already, and goes on with it for some seconds: a small system's has ended by
 * then, and the sweep goes on with a large one's. Starting one again under the same id changes nothing. Answers it as it
 * then is.
 */
export async function startReconciliation(
  context: ReconcileContext,
  by: { readonly id: string; readonly administratorId: string; readonly requestId: string },
): Promise<ReconciliationRow | undefined> {
  const { database, clock } = context
  const nowMs = clock.nowMs()
  const { id } = by
  const startedBy = by.administratorId
  const [started] = await database.raw.batch([
    createStartStatement(database, { id, startedBy, cursor: firstCursor, nowMs }),
    auditChangeStatement(database, {
      atMs: nowMs,
      actor: { id: by.administratorId, role: 'admin' },
      action: 'reconciliation.started',
      subjectKind: 'reconciliation',
      subjectId: id,
      ownerId: null,
      requestId: by.requestId,
    }),
  ])
  const running = started?.meta.changes === 1 ? undefined : await findRunning(database)
  await stepReconciliation(context, requestStepMs)
  const mine = await findReconciliation(database, id)
  return mine ?? (running && (await findReconciliation(database, running.id)))
}
