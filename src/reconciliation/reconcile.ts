import { type CheckContext, checkPage } from './check-page.ts'
import { addFindings, countFindings, type Finding } from './findings.rules.ts'
import {
  type Cursor,
  firstCursor,
  reconciliationDeadlineMs,
  reconciliationEveryMs,
  reconciliationLeaseMs,
  statementsPerPage,
  stepStatementsMax,
  sweepStepMs,
  systemStarter,
} from './reconciliations.lifecycle.ts'
import * as repository from './reconciliations.repository.ts'
import type { ReconciliationRow } from './reconciliations.table.ts'

export interface ReconcileContext extends CheckContext {
  readonly createId: () => string
}

/** For the sweep: starts the daily reconciliation when it is due, gives an endless one up, and goes on with what runs. */
export async function sweepReconciliation(context: ReconcileContext): Promise<void> {
  const { database, clock, createId } = context
  const nowMs = clock.nowMs()
  await repository.failOverdue(database, {
    startedBeforeMs: nowMs - reconciliationDeadlineMs,
    nowMs,
  })
  await repository
    .createStartStatement(database, {
      id: createId(),
      startedBy: systemStarter,
      cursor: firstCursor,
      nowMs,
      unlessSinceMs: nowMs - reconciliationEveryMs,
    })
    .run()
  await stepReconciliation(context, sweepStepMs)
}

/**
 * Goes on with what is running, page by page for about so long and so many statements, unless somebody else does. Each page's end is written
 * down with what was found, so that a step that dies is done again from its last page: what it repaired is right by then.
 */
export async function stepReconciliation(
  context: ReconcileContext,
  budgetMs: number,
): Promise<void> {
  const { database, clock } = context
  const leaseId = context.createId()
  const startMs = clock.nowMs()
  const claimed = await repository.claimRunning(database, {
    id: leaseId,
    nowMs: startMs,
    untilMs: startMs + reconciliationLeaseMs,
  })
  if (claimed === undefined) return
  try {
    let run: ReconciliationRow | undefined = claimed
    let statements = 0
    while (run?.state === 'RUNNING' && statements < stepStatementsMax) {
      const cursor = JSON.parse(run.cursor) as Cursor
      statements += statementsPerPage[cursor.stage]
      run = await checkAndSave(context, { run, cursor, leaseId })
      if (clock.nowMs() - startMs >= budgetMs) return
    }
  } finally {
    await repository.releaseLease(database, { id: claimed.id, leaseId })
  }
}

async function checkAndSave(
  context: ReconcileContext,
  { run, cursor, leaseId }: { run: ReconciliationRow; cursor: Cursor; leaseId: string },
): Promise<ReconciliationRow | undefined> {
  const page = await checkPage(context, cursor)
  const nowMs = context.clock.nowMs()
  for (const finding of page.findings) {
    context.logger.warn('reconciliation.found', { reconciliationId: run.id, ...finding })
  }
  return repository.saveProgress(context.database, {
    id: run.id,
    leaseId,
    leaseUntilMs: nowMs + reconciliationLeaseMs,
    cursor: page.next,
    accountsChecked: page.accountsChecked,
    objectsChecked: page.objectsChecked,
    repairedCount: countFindings(page.findings, true),
    unrepairedCount: countFindings(page.findings, false),
    findings: addFindings(JSON.parse(run.findings) as Finding[], page.findings),
    nowMs,
  })
}
