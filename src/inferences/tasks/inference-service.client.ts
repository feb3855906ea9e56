import { SignJWT } from 'jose'
import { z } from 'zod'
import type { Clock } from '../../shared/clock.ts'

const itemLine = z.discriminatedUnion('status', [
  z.object({
    type: z.literal('item'),
    id: z.string(),
    status: z.literal('succeeded'),
    width: z.number(),
    height: z.number(),
    sizeBytes: z.number(),
    sha256: z.string(),
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

const line = z.union([itemLine, z.object({ type: z.literal('end') })])
const refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

/** What the service made of one item. */
export type ItemOutcome = z.infer<typeof itemLine>

export interface InpaintRequest {
  readonly taskId: string
  readonly model: string
  readonly output: { readonly format: 'png' | 'jpeg'; readonly quality: number }
  readonly items: readonly {
    readonly id: string
    readonly imageUrl: string
    readonly maskUrl: string
    readonly resultUrl: string
  }[]
}

/**
 * How a call ended. `busy`: nothing was begun, come back in `retryAfterSeconds`. `broken`: it may pass when tried again.
 * `refused`: it never will.
 */
export type CallEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'busy'; readonly retryAfterSeconds: number }
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }

export interface InferenceServiceClient {
  /** Runs items and hands each outcome to `onItem` as it comes; items without an outcome were not finished. */
  inpaint(
    request: InpaintRequest,
    options: { signal: AbortSignal; onItem: (outcome: ItemOutcome) => Promise<void> },
  ): Promise<CallEnd>
}

const accessTokenSeconds = 300

export function createInferenceServiceClient(options: {
  baseUrl: string
  secret: string
  clock: Clock
  fetch: typeof fetch
}): InferenceServiceClient {
  const key = new TextEncoder().encode(options.secret)
  const createAccessToken = () => {
    const nowSeconds = Math.floor(options.clock.nowMs() / 1000)
    return new SignJWT({})
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer('pa-inpainting')
      .setAudience('inference')
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + accessTokenSeconds)
      .sign(key)
  }

  return {
    async inpaint(request, { signal, onItem }) {
      try {
        const answer = await options.fetch(`${options.baseUrl}/v1/inpaint`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${await createAccessToken()}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify(request),
          signal,
        })
        if (!answer.ok || !answer.body) return await readRefusal(answer)
        return await readOutcomes(answer.body, onItem)
      } catch (error) {
        return { kind: 'broken', reason: error instanceof Error ? error.message : String(error) }
      }
    },
  }
}

async function readRefusal(answer: Response): Promise<CallEnd> {
  const text = await answer.text()
  if (answer.status === 503 || answer.status === 429) {
    const seconds = Number(answer.headers.get('retry-after') ?? 2)
    return { kind: 'busy', retryAfterSeconds: Number.isFinite(seconds) ? seconds : 2 }
  }
  const error = refusal.safeParse(parseJson(text))
  // A 401 is a secret that is being rotated: trying again passes once both sides have it.
  if (answer.status >= 500 || answer.status === 401 || !error.success) {
    return { kind: 'broken', reason: `the inference service answered ${answer.status}` }
  }
  return { kind: 'refused', ...error.data.error }
}

async function readOutcomes(
  body: ReadableStream<Uint8Array>,
  onItem: (outcome: ItemOutcome) => Promise<void>,
): Promise<CallEnd> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const text of lines) {
      if (text.trim() === '') continue
      const parsed = line.safeParse(parseJson(text))
      if (!parsed.success) {
        return {
          kind: 'broken',
          reason: 'the inference service answered a line that is not of its contract',
        }
      }
      if (parsed.data.type === 'end') return { kind: 'ended' }
      await onItem(parsed.data)
    }
  }
  return { kind: 'broken', reason: 'the inference service closed its answer early' }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
