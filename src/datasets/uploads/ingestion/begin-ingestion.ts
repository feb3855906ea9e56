import type { ReceivedFile } from '../../../media/received-file.ts'
import { createDatasetNotFound } from '../../datasets.errors.ts'
import { noJoinProgress } from '../../file-uploads/join-parts.ts'
import type { FileInParts, SentFile, SentFiles } from '../sent-files.ts'
import { storeAll } from '../store-all.ts'
import { createFilesRequiredError } from '../uploads.errors.ts'
import { readFpsOrThrow } from './fps.rules.ts'
import type { IngestionContext, IngestionRequest, SourceFile } from './ingestion.model.ts'
import { beginIngestion } from './ingestions.repository.ts'

/** Stores a video with its mask, or an archive, and begins to make items of it. Throws what the upload is refused for. */
export async function beginIngestionOf(
  context: Pick<IngestionContext, 'database' | 'clock'>,
  upload: {
    uploadId: string
    datasetId: string
    name: string
    files: SentFiles
    fps: string | undefined
  },
): Promise<void> {
  const { image } = upload.files
  if (!image) throw createFilesRequiredError({ missing: ['image'] })
  const mask = image.kind === 'zip' ? null : upload.files.mask
  if (image.kind !== 'zip' && !mask) throw createFilesRequiredError({ missing: ['mask'] })
  const files = mask ? [image, mask] : [image]
  const joins = files.filter(isInParts).map(toJoin)
  const request: IngestionRequest = {
    image: toSource(image),
    mask: mask ? { ...toSource(mask), still: toStill(mask) } : null,
    fps: readFpsOrThrow(upload.fps),
    joins,
  }
  await storeAll(files.filter(isReceived))
  const isBegun = await beginIngestion(context.database, {
    id: upload.uploadId,
    datasetId: upload.datasetId,
    datasetName: upload.name,
    phase: joins.length > 0 ? 'join' : 'plan',
    request,
    nowMs: context.clock.nowMs(),
  })
  if (!isBegun) throw createDatasetNotFound('Dataset not found.')
}

function isInParts(file: SentFile): file is FileInParts {
  return 'parts' in file
}

function isReceived(file: SentFile): file is ReceivedFile {
  return !isInParts(file)
}

function toJoin({ parts, key, contentType }: FileInParts): IngestionRequest['joins'][number] {
  const { partKeys: _, ...file } = parts
  return { file, key, contentType, progress: noJoinProgress }
}

function toSource({ kind, key, fileName, bytes }: SentFile): SourceFile {
  return { kind, key, fileName, bytes }
}

function toStill(file: SentFile) {
  if (isInParts(file) || !file.mask) return null
  const { uprightWidth, uprightHeight, holePixels } = file.mask
  return { uprightWidth, uprightHeight, holePixels, sha256: file.sha256 }
}
