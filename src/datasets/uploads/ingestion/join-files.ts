import { partKeysOf } from '../../file-uploads/file-parts.ts'
import { joinParts } from '../../file-uploads/join-parts.ts'
import type { Ingestion, IngestionContext } from './ingestion.model.ts'
import { ensureHeldOrThrow, rememberRequest } from './ingestions.repository.ts'

/** Makes one object of each file that was sent in parts, some parts at a time; true when all are. */
export async function joinFiles(
  context: IngestionContext,
  ingestion: Ingestion,
  untilMs: number,
): Promise<boolean> {
  const joins = [...ingestion.request.joins]
  for (const [index, join] of joins.entries()) {
    if (join.progress.isDone) continue
    const place = { ...join.file, userId: ingestion.userId }
    const progress = await joinParts(context, {
      ...join,
      file: { ...join.file, partKeys: () => partKeysOf(place) },
      untilMs,
      beforeComplete: () => ensureHeldOrThrow(context.database, ingestion, context.clock.nowMs()),
    })
    joins[index] = { ...join, progress }
    await rememberRequest(context.database, ingestion, { ...ingestion.request, joins })
    if (!progress.isDone) return false
  }
  return true
}
