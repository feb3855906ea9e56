import { and, count, desc, eq, gt } from 'drizzle-orm'
import type { Database } from '../shared/database.ts'
import { offsetOf, type PageRequest } from '../shared/pagination.ts'
import { type AuditLogRow, auditLog } from './audit-log.table.ts'

export const auditActions = [
  'user.registered',
  'user.updated',
  'user.password_changed',
  'user.deleted',
  'dataset.deleted',
  'results.deleted',
  'tokens.recharged',
  'inference.aborted',
  'inference.retried',
  'reconciliation.started',
] as const

export type AuditAction = (typeof auditActions)[number]

/** Whoever does something, and the request in which they do. */
export interface Author {
  readonly id: string
  readonly role: 'user' | 'admin'
  readonly requestId: string
}

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

/**
 * The same of an operation that may be done again after a crash: there is one entry of that action for each owner and
 * operation id, which it keeps among its details.
 */
export async function recordAuditOnce(
  database: Database,
  entry: AuditEntry & { readonly ownerId: string; readonly operationId: string },
): Promise<void> {
  const { operationId, ...rest } = entry
  // The plus leaves the index of owners to SQLite: of an action there are as many entries as the log has.
  const known = `SELECT 1 FROM audit_log
    WHERE owner_id = ?7 AND +action = ?4 AND details ->> 'operationId' = ?9 ->> 'operationId'`
  const details = { ...entry.details, operationId }
  await insertStatement(database, { ...rest, details }, `NOT EXISTS (${known})`).run()
}

export interface AuditFilters {
  readonly actorId?: string | undefined
  readonly ownerId?: string | undefined
  readonly action?: AuditAction | undefined
}

/** One page, newest first, and how many there are in all. */
export async function listAudit(
  { query }: Database,
  { filters, page }: { filters: AuditFilters; page: PageRequest },
): Promise<{ rows: AuditLogRow[]; total: number }> {
  const { actorId, ownerId, action } = filters
  const where = and(
    // By the key, so that the newest are read and no more.
    gt(auditLog.id, 0),
    actorId === undefined ? undefined : eq(auditLog.actorId, actorId),
    ownerId === undefined ? undefined : eq(auditLog.ownerId, ownerId),
    action === undefined ? undefined : eq(auditLog.action, action),
  )
  const [rows, [counted]] = await query.batch([
    query
      .select()
      .from(auditLog)
      .where(where)
      .orderBy(desc(auditLog.id))
      .limit(page.limit)
      .offset(offsetOf(page)),
    query.select({ total: count() }).from(auditLog).where(where),
  ])
  return { rows, total: counted?.total ?? 0 }
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
