import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findMatches, listFiles, root } from './repository.ts'

const scratch = path.join(root, '.wrangler')
mkdirSync(scratch, { recursive: true })
const copy = mkdtempSync(path.join(scratch, 'migrations-'))
afterAll(() => rmSync(copy, { recursive: true }))

describe('the migrations', () => {
  it('never make a table anew: D1 deletes the rows that point at it', () => {
    const migrations = listFiles((file) => /^migrations\/.*\.sql$/.test(file))
    expect(migrations.length).toBeGreaterThan(0)
    expect(findMatches(migrations, /drop\s+table|__new_/i)).toEqual([])
    expect(findMatches(migrations, /on\s+delete\s+cascade/i)).toEqual([])
  })

  it('make exactly the tables that the code describes', () => {
    cpSync(path.join(root, 'migrations'), copy, { recursive: true })
    const before = readdirSync(copy)
    const output = execFileSync(
      path.join(root, 'node_modules/.bin/drizzle-kit'),
      [
        ...['generate', '--dialect', 'sqlite', '--schema', './src/**/*.table.ts'],
        ...['--out', path.relative(root, copy)],
      ],
      { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    )
    expect(readdirSync(copy), output).toEqual(before)
  })
})
