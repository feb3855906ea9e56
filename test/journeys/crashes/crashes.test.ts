import { spawn } from 'node:child_process'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../setup/system.ts'

/** Then it is told to end, and ends what it has started. */
const playMsMax = 240_000
const root = path.resolve(import.meta.dirname, '../../..')

/** Plays `npm run crash` to its end; answers its exit code and what it printed. */
async function playCrashes(plan: readonly string[]) {
  const port = await findFreePort()
  const inferencePort = await findFreePort()
  const words = [
    ...['scripts/crash.mjs', '--plan', plan.join(), '--people', '3', '--calm-seconds', '3'],
    // Every minute is what the system does by itself: more often is quicker, and shows no less.
    ...['--sweep-seconds', '5', '--port', `${port}`, '--inference-port', `${inferencePort}`],
  ]
  const child = spawn(process.execPath, words, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: playMsMax,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output }
}

describe('a system that is killed while people work with it', () => {
  let played: Awaited<ReturnType<typeof playCrashes>>

  beforeAll(async () => {
    played = await playCrashes(['kill-inference', 'restart-both', 'kill-both'])
  }, playMsMax + 20_000)

  it('brings everything to its end, loses nothing, and charges what it delivered', () => {
    expect(played.output).toContain('0 broken invariants')
    expect(played.code, played.output).toBe(0)
  })

  it('was in the middle of something', () => {
    expect(played.output).toMatch(/^2 kills, 1 clean restarts: /m)
    const counts = /^(\d+) inferences, (\d+) of them while something was ended; (\d+) uploads/m
    const [, inferences, interrupted, uploads] = counts.exec(played.output) ?? []
    expect(Number(inferences)).toBeGreaterThan(2)
    expect(Number(interrupted)).toBeGreaterThan(0)
    expect(Number(uploads)).toBeGreaterThan(5)
  })
})
