import { stageVideo } from './frames.repository.ts'
import type { Ingestion, IngestionContext } from './ingestion.model.ts'
import { planFrames } from './plan-frames.ts'
import { reservePrice } from './reserve-price.ts'
import { insertEntries, listOpenEntries } from './upload-entries.repository.ts'

/** Looks into an upload's one video, reserves the price of its frames and writes them down. Throws `video.…`. */
export async function planVideo(context: IngestionContext, ingestion: Ingestion): Promise<void> {
  const { image, mask } = ingestion.request
  const [staged] = await listOpenEntries(context.database, { uploadId: ingestion.id, limit: 1 })
  if (staged?.state === 'SAMPLING') return
  if (!mask) throw new Error('A video is never begun without its mask.')
  const plan = await planFrames(context, ingestion, {
    entryNumber: 0,
    name: image.fileName,
    source: image,
    mask: mask.still
      ? { kind: 'still', key: mask.key, bytes: mask.bytes, still: mask.still }
      : { kind: 'video', key: mask.key },
  })
  const reservation = await reservePrice(context, ingestion, {
    kind: 'video',
    count: plan.items.length,
  })
  const nowMs = context.clock.nowMs()
  const shared = { location: null, reasonCode: null, reason: null, state: 'PENDING' as const }
  await insertEntries(context.database, ingestion, {
    entries: [
      { ...shared, number: 0, path: image.fileName, role: 'video', maskNumber: 1 },
      { ...shared, number: 1, path: mask.fileName, role: 'mask', maskNumber: null },
    ],
    totalCount: 0,
    reservation,
    nowMs,
  })
  await stageVideo(context.database, ingestion, { ...plan, addedCount: plan.items.length, nowMs })
}
