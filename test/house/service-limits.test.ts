import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { taskRunMsMax } from '../../src/inferences/inferences.lifecycle.ts'
import { encodedFramesMax, encodedSequenceFramesMin } from '../../src/inferences/plan-tasks.ts'
import {
  framesLookedAhead,
  framesLookedBack,
  spacingSecondsMax,
  taskWindowsMax,
  windowFrames,
} from '../../src/inferences/videos/sequences.rules.ts'
import { createPresignedUrls } from '../../src/media/presigned.ts'
import { findMatches, isSource, listFiles, root } from './repository.ts'

const read = (file: string) =>
  readFileSync(path.join(root, 'inference-container/inpainting', file), 'utf8')
const settings = read('settings.py')

/** A default of the inference service's settings: a product of whole numbers. */
function defaultOf(name: string): number {
  const product = new RegExp(`^ {4}${name}: int = ([\\d_ *]+)$`, 'm').exec(settings)?.[1]
  if (!product) throw new Error(`The service's settings have no ${name}.`)
  return product.split('*').reduce((total, factor) => total * readNumber(factor), 1)
}

/** A number that a module of the inference service has under a name. */
function constantOf(file: string, name: string): number {
  return Number(new RegExp(`^${name} = ([\\d.]+)$`, 'm').exec(read(file))?.[1])
}

const readNumber = (text: string) => Number(text.trim().replaceAll('_', ''))

/** A time of the Worker's uploads, in milliseconds. */
function uploadTimeOf(name: string): number {
  const found = findMatches(listFiles(isSource), new RegExp(`const ${name} = [\\d_]+`))
  if (found.length !== 1) throw new Error(`${name} is in ${found.length} places.`)
  return readNumber(found[0]?.split('= ')[1] ?? '')
}

describe('what the Worker asks of the inference service', () => {
  it.each([
    ['a probe', 'probe_seconds_max', () => uploadTimeOf('probeMsMax')],
    ['frames', 'frames_seconds_max', () => uploadTimeOf('callMsMax')],
    ['a segment', 'segment_seconds_max', () => taskRunMsMax.encode],
    ['a whole video', 'assemble_seconds_max', () => taskRunMsMax.assemble],
  ])(
    'is given up by the service shortly before the Worker gives it up: %s',
    (_what, name, waitsMs) => {
      const serviceSeconds = defaultOf('turn_seconds_max') + defaultOf(name)
      const left = waitsMs() / 1000 - serviceSeconds
      expect(left).toBeGreaterThanOrEqual(5)
      expect(left).toBeLessThanOrEqual(30)
    },
  )

  it('cuts videos at the windows of the service, sends all that these look at, and no more than is taken', () => {
    const windows = 'temporal/windows.py'
    const reach = constantOf(windows, 'REACH_FRAMES')
    expect([windowFrames, framesLookedBack, framesLookedAhead, spacingSecondsMax]).toEqual([
      constantOf(windows, 'WINDOW_FRAMES'),
      reach,
      reach + 1,
      constantOf(windows, 'SPACING_SECONDS_MAX'),
    ])
    const frames = taskWindowsMax * windowFrames
    expect(frames).toBeLessThanOrEqual(constantOf('schemas.py', 'SEQUENCE_ITEMS_MAX'))
    const around = frames + framesLookedBack + framesLookedAhead
    expect(around).toBeLessThanOrEqual(constantOf('schemas.py', 'AROUND_MAX'))
  })

  it('never takes more than half of the room that a request has, with the longest URLs of R2', async () => {
    const urls = createPresignedUrls({
      endpoint: `https://${'a'.repeat(32)}.eu.r2.cloudflarestorage.com`,
      bucket: 'b'.repeat(63),
      accessKeyId: 'c'.repeat(32),
      secretAccessKey: 'd'.repeat(64),
      clock: { nowMs: () => Date.UTC(2026, 10, 21) },
    })
    const id = '01234567-89ab-cdef-0123-456789abcdef'
    const key = `inferences/${id}/${id}/processed_${id}_${id}_000000.jpeg`
    const url = await urls.presignPut({ key, expiresInSeconds: 604_800, contentType: 'image/png' })
    expect(url.length).toBeGreaterThan(500)
    const room = defaultOf('request_bytes_max') / 2
    const bytesOf = (body: unknown) => JSON.stringify(body).length
    const frame = { url, fallbackUrl: url, pts: Number.MAX_SAFE_INTEGER }
    expect(bytesOf(Array.from({ length: encodedFramesMax }, () => frame))).toBeLessThan(room)
    // The service's own most: frames of a segment, samples of a call, items of a task.
    expect(bytesOf(Array.from({ length: 512 }, () => frame))).toBeLessThan(room)
    const sample = { index: 10_000, pts: Number.MAX_SAFE_INTEGER, imageUrl: url, maskUrl: url }
    expect(bytesOf(Array.from({ length: 256 }, () => sample))).toBeLessThan(room)
    // The service's own most, of a sequence: its items, and the frames around them.
    const pair = { index: 10_000, imageUrl: url, maskUrl: url }
    const items = Array.from({ length: constantOf('schemas.py', 'SEQUENCE_ITEMS_MAX') }, () => ({
      ...pair,
      id: '10000',
      resultUrl: url,
    }))
    const around = Array.from({ length: constantOf('schemas.py', 'AROUND_MAX') }, () => pair)
    expect(bytesOf({ items, sequence: { around } })).toBeLessThan(room)
    // A video of the most frames that are taken, in the shortest stretches.
    const stretches = Math.ceil(10_000 / encodedSequenceFramesMin)
    expect(bytesOf(Array.from({ length: stretches }, () => ({ url })))).toBeLessThan(room)
  })
})
