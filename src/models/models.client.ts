import type { ServiceCall } from '../inference-service/service-call.ts'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import { type ModelList, readModelList } from './model-list.ts'

export interface KnownModels {
  readonly list: ModelList
  /** When the service told it. */
  readonly asOfMs: number
  /** Whether the service answered when it was last asked. */
  readonly isCurrent: boolean
}

/** The models of the inference service. */
export interface ModelCatalogue {
  /** What is known of them; null where the service cannot be asked and never was. Takes two seconds at most. */
  find(): Promise<KnownModels | null>
}

const keptMs = 30_000
/** A model that is being set up may be ready soon; a service that is away is asked again when clients are told to. */
const keptShortlyMs = 2_000
const answerMsMax = 2_000

/** Keeps the list in the isolate's memory, so that starting an inference seldom waits for it. */
export function createModelCatalogue(options: {
  readonly serviceCall: Pick<ServiceCall, 'getJson'>
  readonly clock: Clock
  readonly logger: Logger
}): ModelCatalogue {
  const { serviceCall, clock, logger } = options
  let known: KnownModels | null = null
  let nextAskMs = Number.NEGATIVE_INFINITY

  async function ask(): Promise<ModelList | null> {
    const signal = AbortSignal.timeout(answerMsMax)
    const answer = await serviceCall.getJson('/v1/models', { signal })
    const list = answer.kind === 'answered' ? readModelList(answer.body) : null
    if (list) return list
    const unread = answer.kind === 'answered' ? 'not of the contract' : answer.kind
    const reason = answer.kind === 'broken' ? answer.reason : unread
    logger.warn('models.not_told', { reason })
    return null
  }

  return {
    async find() {
      const nowMs = clock.nowMs()
      if (nowMs < nextAskMs) return known
      // An isolate's requests cannot wait for each other's: those that have a list go on with it meanwhile.
      if (known) nextAskMs = nowMs + keptShortlyMs
      const list = await ask()
      const asOfMs = clock.nowMs()
      if (list) known = { list, asOfMs, isCurrent: true }
      else if (known) known = { ...known, isCurrent: false }
      const isSettled = list?.models.every((model) => model.status !== 'starting') ?? false
      nextAskMs = asOfMs + (isSettled ? keptMs : keptShortlyMs)
      return known
    },
  }
}
