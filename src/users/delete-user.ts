import { type Author, auditChangeStatement } from '../audit/audit-log.repository.ts'
import type { Services } from '../services.ts'
import { describeError } from '../shared/logger.ts'
import { createDeleteStatement } from './users.repository.ts'

/**
 * Deletes the user logically: their access tokens end, their e-mail address is free again, and their live datasets are
 * marked deleted and left to the administrators, all in one batch. After it their inferences are aborted and the token
 * account is closed: the user can reach neither any more in any case. Answers how many datasets were live.
 */
export async function deleteUser(
  services: Pick<
    Services,
    'database' | 'clock' | 'ledger' | 'logger' | 'orphanDatasetsOf' | 'abortInferencesOf'
  >,
  { userId, by = null }: { userId: string; by?: Author | null },
): Promise<{ datasetCount: number }> {
  const nowMs = services.clock.nowMs()
  const [, , datasets] = await services.database.raw.batch([
    createDeleteStatement(services.database, { userId, nowMs }),
    auditChangeStatement(services.database, {
      atMs: nowMs,
      actor: by,
      action: 'user.deleted',
      subjectKind: 'user',
      subjectId: userId,
      ownerId: userId,
      requestId: by?.requestId ?? null,
    }),
    services.orphanDatasetsOf({ userId, nowMs }),
  ])
  await services.abortInferencesOf({ userId })
  try {
    await services.ledger.close(userId, { operationId: `close:${userId}` })
  } catch (error) {
    services.logger.warn('users.account_not_closed', { userId, ...describeError(error) })
  }
  return { datasetCount: datasets?.meta.changes ?? 0 }
}
