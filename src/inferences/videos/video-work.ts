import { z } from 'zod'
import type { ServiceCall } from '../../inference-service/service-call.ts'
import type { PresignedUrls } from '../../media/presigned.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../shared/database.ts'
import type { Logger } from '../../shared/logger.ts'
import type { ClaimedTask } from '../tasks/claims.repository.ts'
import { keepLease } from '../tasks/keep-lease.ts'
import { type CallEnd, noOutcomes, type TaskWork } from '../tasks/task-work.ts'
import { taskReasons } from '../tasks/tasks.errors.ts'
import type { VideoOutcome } from './video-outcomes.repository.ts'
import { findVideoFacts, type VideoFacts } from './videos.repository.ts'

export interface VideoWorkContext {
  readonly database: Database
  readonly serviceCall: ServiceCall
  readonly presignedUrls: PresignedUrls
  readonly clock: Clock
  readonly logger: Logger
}

export const videoContentType = 'video/mp4'

/** The energy that a call's end tells. */
export const spentEnergy = z.object({ joules: z.number(), method: z.string() })

/** One call of the inference service that makes a video or a stretch of it. */
export interface VideoCall {
  readonly path: string
  readonly body: unknown
  /** What the answer's last line means; throws where it is not of the contract. */
  readEnd(end: Record<string, unknown>): VideoOutcome
}

/** The work of a task that makes a video: one call, whose end is the task's outcome. */
export function createVideoWork(
  context: VideoWorkContext,
  task: ClaimedTask,
  createCall: (video: VideoFacts) => Promise<VideoCall>,
): TaskWork {
  let outcome: VideoOutcome | null = null
  return {
    takeRest: () => noOutcomes,
    fail: (error) => ({ kind: 'video_failed', ...error }),
    end() {
      if (outcome) return outcome
      throw new Error('A video task ends with what its call made')
    },
    async run(): Promise<CallEnd> {
      const video = await findVideoFacts(context.database, task)
      if (!video) return videoGone
      const call = await createCall(video)
      const answer = await keepLease(context, task, (signal) =>
        context.serviceCall.postLines(call.path, call.body, { signal, onLine: ignoreProgress }),
      )
      if (answer.kind !== 'ended') return answer
      outcome = call.readEnd(answer.end)
      return { kind: 'ended' }
    },
  }
}

/** How far a video is shows only in its end: progress counts items. */
async function ignoreProgress() {}

const videoGone: CallEnd = {
  kind: 'refused',
  code: taskReasons.code('video.source_gone'),
  message: 'The video that this result is made of is no longer there. Upload it again.',
  details: {},
}
