import type { Database } from '../shared/database.ts'
import type { AuditLogRow } from './audit-log.table.ts'

export type AuditAction =
  | 'user.registered'
  | 'user.updated'
  | 'user.password_changed'
  | 'user.deleted'
  | 'dataset.deleted'
  | 'results.deleted'
  | 'tokens.recharged'
  | 'inference.aborted'
  | 'inference.retried'
  | 'reconciliation.started'

export interface AuditEntry {
  readonly atMs: number
  /** Null for the system's own work. */
  readonly actor: { readonly id: string; readonly role: 'user' | 'admin' } | null
  readonly action: AuditAction
  readonly subjectKind: 'user' | 'account' | 'dataset' | 'inference' | 'reconciliation'
  readonly subjectId: string
  /** Whose the subject is; null where it is nobody's. */
  readonly ownerId: string | null
  readonly requestId: string | null
  /** Never a secret, a hash or a token. */
  readonly details?: Readonly<Record<string, unknown>>
}

/**
 * Adds an entry. In a batch it stands right behind the statement that changes something and is written only when that
 * statement changed a row, so that the log tells what happened and nothing else.
 */
export function auditChangeStatement(database: Database, entry: AuditEntry): D1PreparedStatement {
  return insertStatement(database, entry, 'changes() > 0')
}

/** Adds an entry for what happened outside the database. */
export async function recordAudit(database: Database, entry: AuditEntry): Promise<void> {
  await insertStatement(database, entry, '1').run()
}

function insertStatement(database: Database, entry: AuditEntry, condition: string) {
  return database.raw
    .prepare(
      `INSERT INTO audit_log (at, actor_id, actor_role, action, subject_kind, subject_id, owner_id, request_id, details)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE ${condition}`,
    )
    .bind(
      entry.atMs,
      entry.actor?.id ?? null,
      (entry.actor?.role ?? 'system') satisfies AuditLogRow['actorRole'],
      entry.action,
      entry.subjectKind,
      entry.subjectId,
      entry.ownerId,
      entry.requestId,
      JSON.stringify(entry.details ?? {}),
    )
}
