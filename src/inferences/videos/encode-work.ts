import { z } from 'zod'
import { readAnswerOrThrow } from '../../inference-service/service-call.ts'
import { segmentKey } from '../../media/keys.ts'
import type { PresignedUrls } from '../../media/presigned.ts'
import { taskRunMsMax } from '../inferences.lifecycle.ts'
import type { ClaimedTask } from '../tasks/claims.repository.ts'
import type { TaskWork } from '../tasks/task-work.ts'
import { timeStretch } from './timing.rules.ts'
import {
  createVideoWork,
  spentEnergy,
  type VideoWorkContext,
  videoContentType,
} from './video-work.ts'
import { listStretch, type StretchFrame } from './videos.repository.ts'

const expiresInSeconds = Math.ceil(taskRunMsMax.encode / 1000)

const segmentEnd = z.object({
  replaced: z.array(z.number()),
  energy: spentEnergy,
})

/** Has a stretch of a video's frames encoded; a frame without a result is shown as it was uploaded. */
export function createEncodeWork(context: VideoWorkContext, task: ClaimedTask): TaskWork {
  return createVideoWork(context, task, async (video) => {
    const { frames, next } = await listStretch(context.database, task)
    const times = timeStretch(video, frames, next)
    const [urls, resultUrl] = await Promise.all([
      Promise.all(frames.map((frame) => presignFrame(context.presignedUrls, frame))),
      context.presignedUrls.presignPut({
        key: segmentKey({ ...task, videoId: task.videoId ?? '' }),
        expiresInSeconds,
        contentType: videoContentType,
      }),
    ])
    return {
      path: '/v1/segments',
      body: {
        taskId: task.id,
        size: { width: video.width, height: video.height },
        timeBase: times.timeBase,
        frames: urls.map((url, index) => ({ ...url, pts: times.pts[index] })),
        endPts: times.endPts,
        resultUrl,
      },
      readEnd(end) {
        const { replaced, energy } = readAnswerOrThrow(segmentEnd, end)
        const unmade = frames.filter(
          (frame, index) => frame.state !== 'SUCCEEDED' || replaced.includes(index),
        )
        return {
          kind: 'encoded',
          replacedFrames: unmade.map((frame) => frame.frameIndex),
          energy,
        }
      },
    }
  })
}

async function presignFrame({ presignGet }: PresignedUrls, frame: StretchFrame) {
  const original = await presignGet({ key: frame.imageKey, expiresInSeconds })
  if (frame.state !== 'SUCCEEDED') return { url: original, fallbackUrl: null }
  return {
    url: await presignGet({ key: frame.resultKey, expiresInSeconds }),
    fallbackUrl: original,
  }
}
