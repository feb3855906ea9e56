import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { findMatches, listFiles, type SourceFile } from './repository.ts'

const self = 'test/house/words.test.ts'
const files = listFiles((file) => file !== self && file !== 'package-lock.json')

const machinePath = /(?<![\w./:])\/(work|root|home|Users)\/[\w.-]/
const unfinished = /\b(TODO|FIXME|XXX)\b/
const notOfThisProject = /\b(AI|LLM|GPT|Claude|Anthropic|OpenAI|Copilot|chatbot)\b/
const heldBack = /\b(it|test|describe)(\.\w+)*\.(skip|only|todo)\b/

/** Paths such as `../shared/…` that leave the repository. */
function findOutsidePaths(all: readonly SourceFile[]): string[] {
  return all.flatMap((file) =>
    [...file.text.matchAll(/(?:\.\.\/)+[\w.-]+/g)]
      .filter(([outside]) =>
        path.posix.join(path.posix.dirname(file.path), outside).startsWith('..'),
      )
      .map(([outside]) => `${file.path}: ${outside}`),
  )
}

describe('no file that git keeps', () => {
  it('names a path of one machine', () => {
    const withoutImages = files.filter((file) => !file.path.endsWith('Dockerfile'))
    expect(findMatches(withoutImages, machinePath)).toEqual([])
  })

  it('reaches outside the repository', () => {
    expect(findOutsidePaths(files)).toEqual([])
  })

  it('leaves work for later', () => {
    expect(findMatches(files, unfinished)).toEqual([])
  })

  it('speaks of what is not this project', () => {
    expect(findMatches(files, notOfThisProject)).toEqual([])
  })

  it('holds a test back', () => {
    const tests = files.filter((file) => file.path.startsWith('test/'))
    expect(findMatches(tests, heldBack)).toEqual([])
  })
})

describe('the scan of words', () => {
  it.each([
    [machinePath, 'cd /home/me/project'],
    [machinePath, "readFileSync('/root/x')"],
    [unfinished, '// TODO later'],
    [notOfThisProject, 'written by an AI'],
    [heldBack, "it.only('x')"],
    [heldBack, "describe.concurrent.skip('x')"],
  ])('%s catches “%s”', (pattern, text) => {
    expect(findMatches([{ path: 'x', text }], pattern)).toHaveLength(1)
  })

  it('knows a path outside from one inside', () => {
    const text = "import a from '../shared/a.ts'"
    expect(findOutsidePaths([{ path: 'src/users/a.ts', text }])).toEqual([])
    expect(findOutsidePaths([{ path: 'scripts/a.mjs', text: '../../shared/b' }])).toHaveLength(1)
    expect(findOutsidePaths([{ path: 'README.md', text: 'see ../shared' }])).toHaveLength(1)
  })
})
