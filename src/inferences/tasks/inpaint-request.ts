import type { PresignedUrls } from '../../media/presigned.ts'
import type { Database } from '../../shared/database.ts'
import { contentTypeOfResult, resultFormatOf } from '../parameters.rules.ts'
import { readStoredParameters } from '../stored-parameters.rules.ts'
import type { ClaimedTask } from './claims.repository.ts'
import type { InpaintRequest } from './inference-service.client.ts'
import { listFramesAround, type Sequence } from './sequences.repository.ts'

/**
 * What is asked of the inference service for the items of a task that have no outcome. Of a sequence they come with
 * their places in the video, and with the frames that are looked at to fill them.
 */
export async function createInpaintRequest(
  { database, presignedUrls }: { database: Database; presignedUrls: PresignedUrls },
  task: ClaimedTask,
  run: { readonly sequence: Sequence | null; readonly expiresInSeconds: number },
): Promise<InpaintRequest> {
  const { expiresInSeconds, sequence } = run
  const parameters = readStoredParameters(task)
  const { format, quality } = resultFormatOf(parameters)
  const presignPair = async (pair: { imageKey: string; maskKey: string }) => {
    const [imageUrl, maskUrl] = await Promise.all([
      presignedUrls.presignGet({ key: pair.imageKey, expiresInSeconds }),
      presignedUrls.presignGet({ key: pair.maskKey, expiresInSeconds }),
    ])
    return { imageUrl, maskUrl }
  }
  const placeOf = ({ position }: { position: number }) =>
    sequence === null ? {} : { index: position - sequence.firstPosition }

  const items = await Promise.all(
    task.items.map(async (item) => ({
      id: String(item.position),
      ...placeOf(item),
      ...(await presignPair(item)),
      resultUrl: await presignedUrls.presignPut({
        key: item.resultKey,
        expiresInSeconds,
        contentType: contentTypeOfResult(item.resultKey),
      }),
    })),
  )
  const request = {
    taskId: task.id,
    model: parameters.resolvedModelId ?? task.modelId,
    parameters: parameters.model,
    output: { format, quality },
    items,
  }
  if (sequence === null) return request
  const frames = await listFramesAround(database, sequence, task)
  const around = await Promise.all(
    frames.map(async (frame) => ({
      index: frame.position - sequence.firstPosition,
      ...(await presignPair(frame)),
    })),
  )
  const first = (task.items[0]?.position ?? task.firstPosition) - sequence.firstPosition
  const { frameCount: count, spacingSeconds } = sequence
  return { ...request, sequence: { first, count, spacingSeconds, around } }
}
