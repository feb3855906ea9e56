import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './repository.ts'

const page = readFileSync(path.join(root, 'docs/security.md'), 'utf8')
const named = [...page.matchAll(/`([\w./-]+)`: “([^”]+)”/g)].map(([, file = '', name = '']) => ({
  file,
  name,
}))

/** Whether a file has the name of a test, or of a row of a test's table, as a text or a function of Python. */
function hasTest({ file, name }: { file: string; name: string }): boolean {
  if (!existsSync(path.join(root, file))) return false
  const text = readFileSync(path.join(root, file), 'utf8')
  return [`'${name}'`, `"${name}"`, `def ${name}(`].some((written) => text.includes(written))
}

describe('docs/security.md', () => {
  it('names tests that there are', () => {
    expect(named.filter((test) => !hasTest(test))).toEqual([])
  })

  it('answers each of the ten points with a test', () => {
    const points = page.split(/^### /m).slice(1)
    const answered = points
      .filter((point) => /`: “/.test(point))
      .map((point) => point.split(' ')[0])
    expect(answered).toEqual(Array.from({ length: 10 }, (_, index) => `API${index + 1}`))
  })

  it('would miss a test that went', () => {
    expect(hasTest({ file: 'test/house/files.test.ts', name: 'are short enough' })).toBe(false)
    expect(hasTest({ file: 'test/nowhere.test.ts', name: 'x' })).toBe(false)
  })
})
