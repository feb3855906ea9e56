import { z } from 'zod'
import {
  type CallFailure,
  readAnswerOrThrow,
  type ServiceCall,
} from '../../inference-service/service-call.ts'
import type { ResultFormat } from '../parameters.rules.ts'

const itemLine = z.discriminatedUnion('status', [
  z.object({
    type: z.literal('item'),
    id: z.string(),
    status: z.literal('succeeded'),
    width: z.number(),
    height: z.number(),
    sizeBytes: z.number(),
    sha256: z.string(),
    crc32: z.number(),
    contentType: z.string(),
    advice: z.string().nullish(),
    timings: z.object({ inpaintMs: z.number() }),
    energy: z.object({ joules: z.number(), method: z.string() }),
  }),
  z.object({
    type: z.literal('item'),
    id: z.string(),
    status: z.literal('failed'),
    error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }),
  }),
])

/** What the service made of one item. */
export type ItemOutcome = z.infer<typeof itemLine>

export interface InpaintRequest {
  readonly taskId: string
  readonly model: string
  /** The model's own, under its names. */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly output: Pick<ResultFormat, 'format' | 'quality'>
  readonly items: readonly {
    readonly id: string
    readonly imageUrl: string
    readonly maskUrl: string
    readonly resultUrl: string
  }[]
}

export interface InferenceServiceClient {
  /** Runs items and hands each outcome to `onItem` as it comes; items without an outcome were not finished. */
  inpaint(
    request: InpaintRequest,
    options: { signal: AbortSignal; onItem: (outcome: ItemOutcome) => Promise<void> },
  ): Promise<{ readonly kind: 'ended' } | CallFailure>
}

export function createInferenceServiceClient(serviceCall: ServiceCall): InferenceServiceClient {
  return {
    inpaint: (request, { signal, onItem }) =>
      serviceCall.postLines('/v1/inpaint', request, {
        signal,
        onLine: async (line) => onItem(readAnswerOrThrow(itemLine, line)),
      }),
  }
}
