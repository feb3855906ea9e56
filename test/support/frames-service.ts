import { env } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import { createServiceCall, type ServiceCall } from '../../src/inference-service/service-call.ts'
import { grey, picture } from './uploads.ts'
import { services } from './world.ts'

/** What a staged video holds; the stand-in reads it where the real service reads a container. */
export interface StagedClip {
  readonly frames: number
  readonly width?: number
  readonly height?: number
  readonly seconds?: number
  /** Frames that cannot be decoded. */
  readonly damaged?: readonly number[]
  /** Refused as a mask, as a mask video with too much grey is. */
  readonly isGrey?: boolean
}

const start = Buffer.from('\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41', 'latin1')

/** Bytes that are an MP4 by their beginning. */
export function createClip(clip: StagedClip): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat([start, Buffer.from(JSON.stringify(clip))]))
}

type Answer = (path: string, body: FramesCall) => Response | null | Promise<Response | null>

export interface FramesCall {
  readonly url: string
  readonly video: { readonly url: string }
  readonly mask: { readonly kind: string; readonly url: string; readonly resultUrl?: string } | null
  readonly samples: readonly {
    readonly index: number
    readonly pts: number
    readonly imageUrl: string
    readonly maskUrl: string | null
  }[]
}

const mask = grey(255, 4, 4)

/**
 * Calls of an inference service that takes staged clips apart, over the contract of `/v1/probe` and `/v1/frames`. It reads
 * and writes the bucket under the keys that the signed URLs name. `answer` may give an answer in its place.
 */
export function createFramesService(answer: Answer = () => null): ServiceCall {
  return createServiceCall({
    baseUrl: 'http://inference.invalid',
    secret: 'staged-inference-secret-0123456789-01',
    clock: services.clock,
    async fetch(url, init) {
      const path = new URL(String(url)).pathname
      const body = JSON.parse(String(init?.body)) as FramesCall
      const staged = await answer(path, body)
      return staged ?? answerFramesCall(path, body)
    },
  })
}

/** What `/v1/probe` and `/v1/frames` answer of staged clips. */
export function answerFramesCall(path: string, body: FramesCall): Promise<Response> {
  return path === '/v1/probe' ? probe(body) : sample(body)
}

function refuse(code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status: 422 })
}

const keyOf = (url: string) => new URL(url).pathname.split('/pa-inpainting-media/')[1] ?? ''

async function readClip(url: string): Promise<StagedClip | null> {
  const object = await env.MEDIA.get(keyOf(url))
  if (!object) return null
  const bytes = Buffer.from(await object.arrayBuffer())
  return JSON.parse(bytes.subarray(start.length).toString()) as StagedClip
}

async function probe({ url }: FramesCall): Promise<Response> {
  const clip = await readClip(url)
  if (!clip) return refuse('media.fetch_failed', 'The store answered 404.')
  if (clip.frames === 0) return refuse('video.no_frames', 'The video has no frames.')
  return Response.json({
    container: 'mp4',
    codec: 'h264',
    width: clip.width ?? 16,
    height: clip.height ?? 16,
    rotation: 0,
    durationSeconds: clip.seconds ?? clip.frames,
    fps: '1/1',
    isVariableFrameRate: false,
    frameCount: clip.frames,
    timeBase: '1/600',
    firstPts: 0,
    endPts: clip.frames * 600,
    sound: null,
    samples: Array.from({ length: clip.frames }, (_, index) => index * 600),
    notes: [],
  })
}

async function sample(call: FramesCall): Promise<Response> {
  const clip = await readClip(call.video.url)
  const maskClip = call.mask?.kind === 'video' ? await readClip(call.mask.url) : null
  const lines: object[] = []
  if (call.mask?.kind === 'still' && call.mask.resultUrl) {
    lines.push({ type: 'mask', status: 'succeeded', ...(await put(call.mask.resultUrl, mask)) })
  }
  for (const { index, imageUrl, maskUrl } of call.samples) {
    if (!clip || (call.mask?.kind === 'video' && !maskClip)) {
      lines.push(failed(index, 'media.fetch_failed'))
    } else if (maskClip?.isGrey && index > 0) {
      lines.push(failed(index, 'mask.not_binary'))
    } else if (clip.damaged?.includes(index)) {
      lines.push(failed(index, 'frame.undecodable'))
    } else {
      lines.push({
        type: 'frame',
        index,
        status: 'succeeded',
        width: clip.width ?? 16,
        height: clip.height ?? 16,
        image: await put(imageUrl, picture),
        mask: maskUrl ? await put(maskUrl, mask) : null,
      })
    }
  }
  lines.push({ type: 'end' })
  return new Response(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

function failed(index: number, code: string) {
  const error = { code, message: `Frame ${index} failed.`, retryable: false }
  return { type: 'frame', index, status: 'failed', error }
}

async function put(url: string, bytes: Uint8Array) {
  await env.MEDIA.put(keyOf(url), bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { width: 16, height: 16, holePixels: 16, sizeBytes: bytes.length, sha256 }
}
