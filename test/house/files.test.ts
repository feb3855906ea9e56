import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { findMatches, isSource, listFiles } from './repository.ts'

const sources = listFiles(isSource)

const roles = [
  'client',
  'consumer',
  'declarations',
  'delivery',
  'errors',
  'format',
  'lifecycle',
  'model',
  'object',
  'outbox',
  'page',
  'projection',
  'queue',
  'repository',
  'routes',
  'rules',
  'schemas',
  'store',
  'table',
]

const domainNouns =
  /user|admin|dataset|inference|ledger|balance|media|mask|picture|video|archive|task/i

/** Files of more lines than that, as `path: lines`. */
const findLongFiles = (isWanted: (file: string) => boolean, linesMax: number) =>
  listFiles(isWanted)
    .map((file) => ({ ...file, lines: file.text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > linesMax)
    .map((file) => `${file.path}: ${file.lines}`)

describe('files', () => {
  it.each([
    ['src/', isSource, 250],
    ['scripts/', (file: string) => /^scripts\/.*\.mjs$/.test(file), 200],
    ['test/', (file: string) => /^test\/.*\.(ts|mjs)$/.test(file), 400],
    ['inference-container/', (file: string) => /^inference-container\/.*\.py$/.test(file), 400],
  ])('in %s are short enough to be read at once', (_folder, isWanted, linesMax) => {
    expect(findLongFiles(isWanted, linesMax)).toEqual([])
  })

  it('of features are named by a noun and its role, or by what they do', () => {
    const name = new RegExp(`^[a-z0-9]+(-[a-z0-9]+)*(\\.(${roles.join('|')}))?\\.ts$`)
    const strange = sources.filter((file) => !name.test(path.posix.basename(file.path)))
    expect(strange.map((file) => file.path)).toEqual([])
  })

  it('in shared/ are named and exported without a noun of the domain', () => {
    const shared = sources.filter((file) => file.path.startsWith('src/shared/'))
    const named = shared.filter((file) => domainNouns.test(path.posix.basename(file.path)))
    const exported = findMatches(
      shared,
      /^export (async )?(function|const|interface|type|class) \w+/,
    )
    expect(named.map((file) => file.path)).toEqual([])
    expect(exported.filter((line) => domainNouns.test(line.split(': ')[1] ?? ''))).toEqual([])
  })

  it('of src/ hold no singleton', () => {
    expect(findMatches(sources, /\bgetInstance\b/)).toEqual([])
  })
})
