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
 * then, and the sweep goes on with a large one's. Answers it as it then is.
 */
export async function startReconciliation(
  context: ReconcileContext,
  by: { readonly administratorId: string; readonly requestId: string },
): Promise<{ isNew: boolean; reconciliation: ReconciliationRow | undefined }> {
  const { database, clock, createId } = context
  const nowMs = clock.nowMs()
  const id = createId()
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
  const isNew = started?.meta.changes === 1
  const running = isNew ? undefined : await findRunning(database)
  await stepReconciliation(context, requestStepMs)
  return { isNew, reconciliation: await findReconciliation(database, running?.id ?? id) }
}
