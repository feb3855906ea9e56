import { describe, expect, inject, it } from 'vitest'
import { play } from './story.ts'

declare module 'vitest' {
  interface ProvidedContext {
    readonly stories: {
      readonly first: number
      readonly count: number
      readonly faultRate: number | null
    }
  }
}

const { first, count, faultRate } = inject('stories')
const seeds = Array.from({ length: count }, (_, number) => `${first + number}`)

/** A story that could not be told to its end is a broken one. */
const describeBreak = (seed: string) => (error: unknown) => {
  const broken = [`the story broke off: ${String(error)}`]
  return {
    seed,
    broken,
    faults: {},
    made: {},
    actionCount: 0,
    endedAfterMs: 0,
    trace: [] as string[],
  }
}

describe('whole stories in which anything fails at any step', () => {
  it.each(seeds)('story %s loses nothing', { timeout: 600_000 }, async (seed) => {
    const { trace, ...told } = await play(seed, faultRate).catch(describeBreak(seed))
    console.log(JSON.stringify({ ...told, calls: trace.length }))
    if (told.broken.length > 0) console.log(trace.join('\n'))
    expect(told.broken).toEqual([])
  })

  it('replays a story exactly', { timeout: 600_000 }, async () => {
    const told = await play('again', 0.05)
    expect(Object.keys(told.faults)).not.toEqual([])
    expect((await play('again', 0.05)).trace).toEqual(told.trace)
  })
})
