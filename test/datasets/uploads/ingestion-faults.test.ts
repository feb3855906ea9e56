import { describe, expect, it } from 'vitest'
import { type BuiltFile, createArchive } from '../../media/archives/archive-builder.ts'
import { type Fault, withFault } from '../../support/faults.ts'
import { createClip } from '../../support/frames-service.ts'
import {
  createHeldContext,
  deliverUploads,
  expectAllOrNothing,
  receive,
  recover,
} from '../../support/ingestions.ts'
import { partBytesMin as partBytes, sendInParts } from '../../support/parts.ts'
import { createUploader, mask, picture } from '../../support/uploads.ts'
import type { TestUser } from '../../support/world.ts'

type Parts = Parameters<typeof receive>[2]

interface Scenario {
  readonly name: string
  readonly whole: { items: number; price: number; objects: number }
  /** Files in parts are given back when they have expired, a day later. */
  readonly minutesLater?: readonly number[]
  prepare(user: TestUser): Parts | Promise<Parts>
}

/** One call of the service samples one frame of a video of that size. */
const large = { width: 9000, height: 9000 }

const pair = (number: number): BuiltFile[] => [
  { name: `g/image_${number}.png`, content: picture },
  { name: `g/mask_${number}.png`, content: mask },
]

const zip = (files: readonly BuiltFile[]): [Uint8Array, string] => [createArchive(files), 'a.zip']

const scenarios: Scenario[] = [
  {
    name: 'an archive of pairs',
    whole: { items: 3, price: 2.1, objects: 6 },
    prepare: () => ({ image: zip([...pair(1), ...pair(2), ...pair(3)]) }),
  },
  {
    name: 'an archive with a video and its mask video inside',
    whole: { items: 3, price: 1.4, objects: 7 },
    prepare: () => ({
      image: zip([
        ...pair(1),
        { name: 'v/clip.mp4', content: createClip({ frames: 2, ...large }) },
        { name: 'v/mask.mp4', content: createClip({ frames: 2 }) },
        { name: 'w/clip.mp4', content: createClip({ frames: 2, ...large }) },
        { name: 'w/mask.mp4', content: createClip({ frames: 2, isGrey: true }) },
      ]),
    }),
  },
  {
    name: 'a video with a still mask',
    whole: { items: 2, price: 0.8, objects: 4 },
    prepare: () => ({ image: [createClip({ frames: 2, ...large }), 'clip.mp4'], mask }),
  },
  {
    name: 'a video with a mask video',
    whole: { items: 2, price: 0.8, objects: 5 },
    prepare: () => ({
      image: [createClip({ frames: 2, ...large }), 'clip.mp4'],
      mask: [createClip({ frames: 2, ...large }), 'mask.mp4'],
    }),
  },
  {
    name: 'an archive in two parts',
    whole: { items: 1, price: 0.7, objects: 2 },
    minutesLater: [2, 20, 40, 26 * 60],
    async prepare(user) {
      const padding = { name: 'notes.txt', content: new Uint8Array(partBytes), method: 0 }
      return { image: await sendInParts(user, createArchive([...pair(1), padding])) }
    },
  },
  {
    name: 'a picture whose file was sent in parts',
    whole: { items: 1, price: 0.65, objects: 2 },
    minutesLater: [2, 20, 40, 26 * 60],
    prepare: async (user) => ({ image: await sendInParts(user, picture), mask }),
  },
]

interface Life {
  readonly user: TestUser
  readonly at: number
  /** The calls that were made until the upload had ended, or its process. */
  readonly calls: readonly string[]
}

/** Uploads with one fault, and delivers the messages that were sent. */
async function live(scenario: Scenario, fault: Fault): Promise<Life> {
  const user = await createUploader()
  const parts = await scenario.prepare(user)
  const { context, sent } = createHeldContext()
  const { context: faulty, calls, died } = withFault(context, fault)
  const life = async () => {
    await receive(faulty, user, parts).catch(() => undefined)
    while (sent.length > 0) await deliverUploads(faulty, sent.splice(0))
  }
  await Promise.race([life(), died])
  return { user, at: fault.at, calls: [...calls] }
}

const livesAtOnce = 6
const modes = ['fails', 'answer is lost', 'dies'] as const

/** Each call is hit in one of the three ways; `vitest run --mode every-fault` hits each in all of them. */
const isEveryFault = (import.meta as { env?: { MODE?: string } }).env?.MODE === 'every-fault'

function callsToHit(callCount: number, mode: Fault['mode']): number[] {
  const calls = Array.from({ length: callCount }, (_, index) => index + 1)
  const turn = modes.indexOf(mode)
  return calls.filter((at) => isEveryFault || at % modes.length === turn)
}

/** An upload without a fault, and others with a fault at one of the calls that it made. */
async function liveAll(scenario: Scenario, mode: Fault['mode']): Promise<Life[]> {
  const whole = await live(scenario, { at: Number.POSITIVE_INFINITY, mode })
  const lives = [whole]
  const calls = callsToHit(whole.calls.length, mode)
  while (calls.length > 0) {
    const batch = calls.splice(0, livesAtOnce).map((at) => live(scenario, { at, mode }))
    lives.push(...(await Promise.all(batch)))
  }
  return lives
}

describe.each(scenarios)('$name', (scenario) => {
  it.each(modes)(
    'is data as a whole or not at all, whichever call %s',
    async (mode) => {
      const lives = await liveAll(scenario, mode)
      const { minutesLater = [2, 20, 40] } = scenario
      await recover(
        lives.map(({ user }) => user),
        { minutesLater },
      )
      for (const { user, at, calls } of lives) {
        const hit = calls[at - 1] ?? 'nothing'
        const outcome = await expectAllOrNothing(user, scenario.whole).catch((error) => {
          throw new Error(`call ${at}, ${hit}, ${mode}: ${error}`, { cause: error })
        })
        if (hit === 'nothing') expect(outcome).toBe('data')
      }
      expect(lives.length).toBeGreaterThan(3)
    },
    180_000,
  )
})
