import { z } from 'zod'
import { readAnswerOrThrow } from '../../inference-service/service-call.ts'
import { segmentKey } from '../../media/keys.ts'
import { taskRunMsMax } from '../inferences.lifecycle.ts'
import type { ClaimedTask } from '../tasks/claims.repository.ts'
import type { TaskWork } from '../tasks/task-work.ts'
import {
  createVideoWork,
  spentEnergy,
  type VideoWorkContext,
  videoContentType,
} from './video-work.ts'
import { listStretchStarts } from './videos.repository.ts'

const expiresInSeconds = Math.ceil(taskRunMsMax.assemble / 1000)

const assembledEnd = z.object({
  durationSeconds: z.number(),
  width: z.number(),
  height: z.number(),
  sizeBytes: z.number(),
  sha256: z.string(),
  crc32: z.number(),
  contentType: z.string(),
  notes: z.array(z.string()),
  energy: spentEnergy,
})

/** Has a video's stretches joined. With every frame of the source comes its sound; sampled frames are silent. */
export function createAssembleWork(context: VideoWorkContext, task: ClaimedTask): TaskWork {
  const { presignGet, presignPut } = context.presignedUrls
  return createVideoWork(context, task, async (video) => {
    const stretches = await listStretchStarts(context.database, task)
    const hasSound = video.fps === 'source' && video.soundCodec !== null
    const [segments, sound, resultUrl] = await Promise.all([
      Promise.all(
        stretches.map(async (stretch) => ({
          url: await presignGet({ key: segmentKey({ ...task, ...stretch }), expiresInSeconds }),
        })),
      ),
      hasSound ? presignGet({ key: video.sourceKey, expiresInSeconds }) : null,
      presignPut({ key: video.resultKey, expiresInSeconds, contentType: videoContentType }),
    ])
    return {
      path: '/v1/assemble',
      body: { taskId: task.id, segments, sound: sound === null ? null : { url: sound }, resultUrl },
      readEnd(end) {
        const { energy, ...made } = readAnswerOrThrow(assembledEnd, end)
        return { kind: 'assembled', made, energy }
      },
    }
  })
}
