import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { listFiles, root } from './repository.ts'

const pages = listFiles((file) => file.endsWith('.md'))
const decisions = 'docs/decisions/'

describe('the documents', () => {
  it('link to files that exist', () => {
    const links = pages.flatMap((page) =>
      [...page.text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, target = '']) => ({
        page,
        target,
      })),
    )
    const broken = links
      .filter(({ target }) => !/^[a-z]+:/.test(target))
      .filter(({ page, target }) => !existsSync(path.join(root, path.dirname(page.path), target)))
    expect(broken.map(({ page, target }) => `${page.path}: ${target}`)).toEqual([])
    expect(links.length).toBeGreaterThan(20)
  })

  it('name files of the repository by paths that exist', () => {
    const named = pages.flatMap((page) =>
      [
        ...page.text.matchAll(/`((?:src|test|scripts|docs|inference-container)\/[\w./-]+\.\w+)`/g),
      ].map(([, file = '']) => ({ page, file })),
    )
    const missing = named.filter(({ file }) => !existsSync(path.join(root, file)))
    expect(missing.map(({ page, file }) => `${page.path}: ${file}`)).toEqual([])
  })

  it('of decisions stand in their index, each once, under the title that they have', () => {
    const index = pages.find((page) => page.path === `${decisions}README.md`)?.text ?? ''
    const lines = pages
      .filter((page) => page.path.startsWith(decisions) && !page.path.endsWith('README.md'))
      .map(({ path: file, text }) => {
        const title = text.split('\n')[0]?.replace(/^# /, '')
        return `- [${title}](${path.posix.basename(file)})`
      })
    expect(lines.filter((line) => index.split(line).length !== 2)).toEqual([])
  })
})
