import { describe, expect, it } from 'vitest'
import { findJsonProblem } from '../../src/shared/json-problem.rules.ts'

const value = 'a value (an object, an array, text, a number, true, false or null)'

describe('what keeps a text from being JSON is told', () => {
  it.each([
    ['{a:1}', 1, 2, "'a' stands where a name in double quotation marks, or '}' must be"],
    ["{'a':1}", 1, 2, 'a single quotation mark stands where a name'],
    ['{"a":1,}', 1, 8, "'}' stands where a name in double quotation marks must be"],
    ['{"a" 1}', 1, 6, "'1' stands where ':' must be"],
    ['{"a":1 "b":2}', 1, 8, `'"' stands where ',' or '}' must be`],
    ['[1 2]', 1, 4, "'2' stands where ',' or ']' must be"],
    ['[1,]', 1, 4, `']' stands where ${value} must be`],
    ['hello', 1, 1, `'h' stands where ${value} must be`],
    ['{"a":tru}', 1, 6, `'t' stands where ${value} must be`],
    ['{"a":01}', 1, 6, `'0' stands where ${value} must be`],
    ['{"a":1.}', 1, 6, `'1' stands where ${value} must be`],
    ['{"a":1} x', 1, 9, "'x' stands where nothing more must be"],
    ['{"a":1}}', 1, 8, "'}' stands where nothing more must be"],
    ['{\n "a": 1,\n "b": NaN\n}', 3, 7, `'N' stands where ${value} must be`],
    ['{"a":"x\ny"}', 1, 8, 'a line break inside quotation marks, which is written as an escape'],
    ['{"a":"\\x"}', 1, 7, 'a backslash that begins no escape'],
    ['{"a":"\\u12"}', 1, 7, 'a backslash that begins no escape'],
    ['{"a":\u0000}', 1, 6, 'a character that cannot be shown stands where'],
    ['{"a":1]', 1, 7, "']' stands where ',' or '}' must be"],
  ])('%j with its place', (text, line, column, problem) => {
    const found = findJsonProblem(text)
    expect(found).toMatchObject({ line, column, isEnd: false })
    expect(found?.problem).toContain(problem)
  })

  it.each([
    ['{"email":', 10, `the text ends where ${value} must be`],
    ['{"a":1', 7, "the text ends where ',' or '}' must be"],
    ['[1,2', 5, "the text ends where ',' or ']' must be"],
    ['{"a":"x', 8, 'the text ends inside quotation marks'],
    ['{"a":"x\\', 9, 'the text ends inside quotation marks'],
    ['', 1, 'the text ends where'],
  ])('%j with its end', (text, column, problem) => {
    const found = findJsonProblem(text)
    expect(found).toMatchObject({ line: 1, column, isEnd: true })
    expect(found?.problem).toContain(problem)
  })

  it('of a hundred thousand brackets, and of a very long text', () => {
    expect(findJsonProblem('['.repeat(100_000))).toMatchObject({ column: 100_001, isEnd: true })
    expect(findJsonProblem(`"${'x'.repeat(900_000)}`)).toMatchObject({ isEnd: true })
  })
})

const wholes = [
  {},
  [],
  'a "quoted" \\ text \n\t☃',
  { a: [1, -2.5, 1e9, 2e-7, true, false, null, { b: {} }], '': '' },
]

describe('a text that is JSON', () => {
  it.each(wholes)('such as %j has no problem', (value) => {
    expect(findJsonProblem(JSON.stringify(value))).toBeNull()
    expect(findJsonProblem(` ${JSON.stringify(value, null, '\t')}\r\n`)).toBeNull()
  })

  it('is one exactly where JSON.parse says so, whichever character is taken out of it', () => {
    const text = JSON.stringify(wholes)
    for (let at = 0; at < text.length; at += 1) {
      const changed = text.slice(0, at) + text.slice(at + 1)
      expect([changed, findJsonProblem(changed) === null]).toEqual([changed, parses(changed)])
    }
  })
})

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
