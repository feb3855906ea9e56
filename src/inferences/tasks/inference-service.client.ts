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
  readonly items: readonly (SignedPair & {
    readonly id: string
    /** The frame's place in its video, from 0; where there is a `sequence`. */
    readonly index?: number
    readonly resultUrl: string
  })[]
  /** Where the items are frames of one video that are filled from each other. */
  readonly sequence?: {
    /** The place of the first item. */
    readonly first: number
    /** The frames of the video. */
    readonly count: number
    readonly spacingSeconds: number
    /** The frames beside the items that are looked at to fill them. */
    readonly around: readonly (SignedPair & { readonly index: number })[]
  }
}

interface SignedPair {
  readonly imageUrl: string
  readonly maskUrl: string
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
