/** Where a text stops being JSON (RFC 8259), and why. */
export interface JsonProblem {
  /** Both from 1; a column is a UTF-16 code unit. */
  readonly line: number
  readonly column: number
  /** Whether the text ends there, and would be JSON so far. */
  readonly isEnd: boolean
  /** Goes on after "at line 1, column 2". */
  readonly problem: string
}

/** What may come next. */
type Expected = 'value' | 'firstValue' | 'key' | 'firstKey' | 'colon' | 'next'

const descriptions: Readonly<Record<Exclude<Expected, 'next'>, string>> = {
  value: 'a value (an object, an array, text, a number, true, false or null)',
  firstValue: "a value or ']'",
  key: 'a name in double quotation marks',
  firstKey: "a name in double quotation marks, or '}'",
  colon: "':'",
}

const blank = /[ \t\n\r]*/y
const plainValue = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/y
const controlMax = 0x1f

/** The first thing in a text that is not JSON; null where all of it is. */
export function findJsonProblem(text: string): JsonProblem | null {
  const open: ('{' | '[')[] = []
  let expected = 'value' as Expected
  let at = 0

  const describe = () => {
    if (expected !== 'next') return descriptions[expected]
    const inner = open.at(-1)
    if (inner === undefined) return 'nothing more'
    return inner === '{' ? "',' or '}'" : "',' or ']'"
  }
  const fail = (problem?: string): JsonProblem => {
    const isEnd = at >= text.length
    const found = isEnd ? 'the text ends' : `${describeCharacter(text, at)} stands`
    const before = text.slice(0, at).split('\n')
    return {
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      isEnd,
      problem: problem ?? `${found} where ${describe()} must be`,
    }
  }

  for (;;) {
    at = matchAt(blank, text, at) ?? at
    const character = text[at]
    if (character === undefined) return expected === 'next' && open.length === 0 ? null : fail()
    const inner = open.at(-1)
    if (expected === 'next') {
      if (inner === undefined) return fail()
      if (character === ',') expected = inner === '{' ? 'key' : 'value'
      else if (character === closing[inner]) open.pop()
      else return fail()
      at += 1
    } else if (expected === 'colon') {
      if (character !== ':') return fail()
      expected = 'value'
      at += 1
    } else if (character === '"') {
      const string = readString(text, at)
      at = string.end
      if (string.problem !== null) return fail(string.problem)
      expected = expected === 'key' || expected === 'firstKey' ? 'colon' : 'next'
    } else if (
      (expected === 'firstKey' && character === '}') ||
      (expected === 'firstValue' && character === ']')
    ) {
      open.pop()
      expected = 'next'
      at += 1
    } else if (expected === 'key' || expected === 'firstKey') {
      return fail()
    } else if (character === '{' || character === '[') {
      open.push(character)
      expected = character === '{' ? 'firstKey' : 'firstValue'
      at += 1
    } else {
      const end = matchAt(plainValue, text, at)
      if (end === null) return fail()
      expected = 'next'
      at = end
    }
  }
}

const closing = { '{': '}', '[': ']' } as const

function matchAt(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : null
}

/** Reads on from an opening quotation mark; `end` is behind the closing one, or where the problem is. */
function readString(text: string, start: number): { end: number; problem: string | null } {
  let at = start + 1
  for (;;) {
    const code = text.charCodeAt(at)
    if (Number.isNaN(code)) return { end: at, problem: 'the text ends inside quotation marks' }
    if (text[at] === '"') return { end: at + 1, problem: null }
    if (code <= controlMax) {
      const problem = `${describeCharacter(text, at)} inside quotation marks, which is written as an escape such as \\n`
      return { end: at, problem }
    }
    if (text[at] !== '\\') at += 1
    else if (/^\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/.test(text.slice(at, at + 6))) {
      at += text[at + 1] === 'u' ? 6 : 2
    } else if (at + 1 >= text.length) at = text.length
    else return { end: at, problem: 'a backslash that begins no escape' }
  }
}

function describeCharacter(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
  if (character === '\n' || character === '\r') return 'a line break'
  if (character === '\t') return 'a tab'
  if (character === "'") return 'a single quotation mark'
  const isShown = /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character)
  return isShown ? `'${character}'` : 'a character that cannot be shown'
}
