import { describe, expect, it } from 'vitest'
import { findBrokenImportRules, importRules } from './import-rules.ts'
import { scanImports } from './import-scan.ts'
import { isSource, listFiles } from './repository.ts'

type RuleName = keyof typeof importRules
const sources = listFiles(isSource)

describe('the import rules of src/', () => {
  it.each(Object.keys(importRules) as RuleName[])('%s', (name) => {
    expect(findBrokenImportRules(name, sources)).toEqual([])
  })
})

describe('the scan of imports', () => {
  it('sees every way to import', () => {
    const text = [
      "import one, { type A } from './one.ts'",
      "import {\n  two,\n  type B,\n} from '../shared/two.ts'",
      "import * as three from 'three'",
      "export { four } from './four.ts'",
      "export * from './five.ts'",
      "import './six.ts'",
      "const seven = await import('./seven.ts')",
      "import type { C } from './eight.ts'",
      "import { type D, type E } from './nine.ts'",
      "export type { F } from './ten.ts'",
    ].join('\n')
    const found = scanImports({ path: 'src/users/sample.ts', text })
    expect(found.filter(({ isTypeOnly }) => !isTypeOnly).map(({ to }) => to)).toEqual([
      'src/users/one.ts',
      'src/shared/two.ts',
      'three',
      'src/users/four.ts',
      'src/users/five.ts',
      'src/users/six.ts',
      'src/users/seven.ts',
    ])
    expect(found.filter(({ isTypeOnly }) => isTypeOnly).map(({ to }) => to)).toEqual([
      'src/users/eight.ts',
      'src/users/nine.ts',
      'src/users/ten.ts',
    ])
  })

  const planted: [RuleName, string, string][] = [
    ['shared/ imports no feature', 'src/shared/x.ts', "import { a } from '../users/a.ts'"],
    ['ledger/ imports no other feature', 'src/ledger/x.ts', "import { a } from '../users/a.ts'"],
    ['media/ imports no other feature', 'src/media/x.ts', "import { a } from '../ledger/a.ts'"],
    [
      'hono stays in routes, schemas and middleware',
      'src/users/log-in.ts',
      "import { HTTPException } from 'hono/http-exception'",
    ],
    [
      'rules, prices, keys and life cycles touch nothing outside',
      'src/ledger/x.rules.ts',
      "import { b } from './x.repository.ts'",
    ],
    [
      'rules, prices, keys and life cycles touch nothing outside',
      'src/ledger/pricing.ts',
      'export const now = () => Date.now()',
    ],
    ['no feature imports the map of the API', 'src/users/x.ts', "import { a } from '../app.ts'"],
  ]
  it.each(planted)('catches what breaks “%s” in %s', (name, path, text) => {
    expect(findBrokenImportRules(name, [{ path, text }])).toHaveLength(1)
  })

  it('follows the imports of pure rules to the end', () => {
    const files = [
      { path: 'src/ledger/x.rules.ts', text: "import { b } from './between.ts'" },
      { path: 'src/ledger/between.ts', text: "import { c } from './x.repository.ts'" },
    ]
    expect(
      findBrokenImportRules('rules, prices, keys and life cycles touch nothing outside', files),
    ).toEqual(['src/ledger/x.rules.ts reaches src/ledger/x.repository.ts: rules are pure'])
  })
})
