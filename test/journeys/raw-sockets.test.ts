import { spawn } from 'node:child_process'
import path from 'node:path'
import { beforeAll, describe, expect, inject, it } from 'vitest'

const apiUrl = inject('apiUrl')
const root = path.resolve(import.meta.dirname, '../..')

/** Plays `npm run fuzz` against the journeys' system; answers its exit code and the lines that it printed. */
async function playMessages(seconds: number) {
  const words = ['scripts/fuzz.mjs', '--url', apiUrl, '--seconds', `${seconds}`]
  const child = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, lines: output.trim().split('\n') }
}

describe('whatever comes over a socket', () => {
  let played: Awaited<ReturnType<typeof playMessages>>

  beforeAll(async () => {
    played = await playMessages(8)
  })

  it('is answered or cut off in time, never by a failure of the API, and costs nothing', () => {
    expect(played.lines.filter((line) => line.startsWith('WRONG'))).toEqual([])
    expect(played.lines.at(-1)).toMatch(/connections, 0 answers of 5xx by the API, 0 wrong\.$/)
    expect(played.code).toBe(0)
  })

  it.each([
    'a body that stops half-way',
    'a length that is more than comes',
    'a length that is less than comes',
    'chunks with rubbish between',
    'a length and chunks at once',
    'a body in many small pieces',
    'a body with some bytes changed',
    'several requests in one breath',
    'a method that there is not',
    'an address that is none',
    'a header that is none, or too much of one',
    'no HTTP at all',
  ])('was tried with %s', (kind) => {
    expect(played.lines.find((line) => line.startsWith(`${kind}: `))).toMatch(/×\d+/)
  })
})
