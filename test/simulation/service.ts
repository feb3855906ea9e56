import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { answerFramesCall } from '../support/frames-service.ts'
import { picture } from '../support/uploads.ts'
import type { Actor, Stage } from './stage.ts'

interface Answered {
  readonly status?: number
  readonly lines: readonly (() => Promise<object>)[]
}

/** How often the service behaves badly by itself, beside the faults of the way to it. */
export interface ServiceMood {
  busy: number
  failedItem: number
  retryableItem: number
  cutOff: number
}

export const calm: ServiceMood = { busy: 0, failedItem: 0, retryableItem: 0, cutOff: 0 }

const energy = { joules: 1, method: 'cpu-time-estimate' }
const result = {
  width: 16,
  height: 16,
  sizeBytes: picture.length,
  sha256: createHash('sha256').update(picture).digest('hex'),
  crc32: 907060870,
  contentType: 'image/png',
}
const keyOf = (url: string) => new URL(url).pathname.split('/pa-inpainting-media/')[1] ?? ''

/**
 * An inference service behind `fetch`, over the contract of its README: it reads and writes the bucket under the keys that
 * the signed URLs name, and tells of each item in a line when it is stored. Every line waits for its turn on the stage.
 */
export function createStagedService(stage: Stage, actor: Actor, mood: ServiceMood): typeof fetch {
  const happens = (probability: number) => actor.random.chance(probability)

  async function inpaint(body: {
    items: { id: string; imageUrl: string; maskUrl: string; resultUrl: string }[]
  }): Promise<Answered> {
    return {
      lines: body.items.map((item) => async () => {
        const sources = await Promise.all(
          [item.imageUrl, item.maskUrl].map((url) => env.MEDIA.head(keyOf(url))),
        )
        if (sources.includes(null)) return failItem(item.id, 'media.fetch_failed', true)
        if (happens(mood.failedItem)) return failItem(item.id, 'item.crashed', false)
        if (happens(mood.retryableItem)) return failItem(item.id, 'media.store_failed', true)
        await env.MEDIA.put(keyOf(item.resultUrl), picture, { sha256: result.sha256 })
        return {
          type: 'item',
          id: item.id,
          status: 'succeeded',
          model: 'telea',
          ...result,
          advice: null,
          timings: { fetchMs: 1, decodeMs: 1, inpaintMs: 5, encodeMs: 1, storeMs: 1 },
          energy,
        }
      }),
    }
  }

  async function makeVideo(body: {
    resultUrl: string
    frames?: { url: string; fallbackUrl: string | null }[]
    segments?: { url: string }[]
  }): Promise<Answered> {
    const urls = body.segments?.map(({ url }) => url) ?? []
    const there = await Promise.all(urls.map((url) => env.MEDIA.head(keyOf(url))))
    if (there.includes(null)) {
      return { lines: [async () => failCall('media.fetch_failed', true)] }
    }
    const end = async () => {
      if (happens(mood.failedItem)) return failCall('video.encoder_failed', false)
      await env.MEDIA.put(keyOf(body.resultUrl), picture)
      return {
        type: 'end',
        ...result,
        contentType: 'video/mp4',
        frameCount: 1,
        durationSeconds: 1,
        replaced: [],
        sound: null,
        notes: [],
        energy,
      }
    }
    return { lines: [async () => ({ type: 'progress', frames: 1 }), end] }
  }

  async function answer(path: string, json: string): Promise<Response> {
    if (path === '/v1/models') return refuse(503, 'service.starting', 'The models are set up.')
    if (happens(mood.busy)) return refuse(503, 'service.busy', 'Too much is waiting.')
    const body = JSON.parse(json)
    if (path === '/v1/probe' || path === '/v1/frames') return answerFramesCall(path, body)
    const { lines } = await (path === '/v1/inpaint' ? inpaint(body) : makeVideo(body))
    const end = async () => ({ type: 'end' })
    return stream(path, path === '/v1/inpaint' ? [...lines, end] : lines)
  }

  function stream(path: string, lines: Answered['lines']): Response {
    const left = [...lines]
    const encoder = new TextEncoder()
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const next = left.shift()
          if (!next || happens(mood.cutOff)) return controller.close()
          try {
            const line = await stage.call(actor, `service line of ${path}`, next)
            controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`))
          } catch (error) {
            controller.error(error)
          }
        },
      },
      { highWaterMark: 0 },
    )
    return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } })
  }

  return (async (url: string, init: RequestInit = {}) => {
    const path = new URL(url).pathname
    return stage.call(actor, `service ${path}`, () => answer(path, String(init.body ?? 'null')))
  }) as typeof fetch
}

function refuse(status: number, code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status })
}

function failItem(id: string, code: string, retryable: boolean) {
  return { type: 'item', id, status: 'failed', error: { code, message: `${code}.`, retryable } }
}

function failCall(code: string, retryable: boolean) {
  return { type: 'error', error: { code, message: `${code}.`, retryable } }
}
