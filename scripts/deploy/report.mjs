/**
 * What one line of the checklist found. `due`: not so yet, and this deployment will see to it. `unchecked`: only an account
 * or the network could tell; `todo` is then what would be asked.
 * @typedef {object} Finding
 * @property {'ok' | 'wrong' | 'due' | 'unchecked'} state
 * @property {string} name
 * @property {string} what
 * @property {readonly string[]} [todo] commands to run, or sentences that say what to do
 */

const words = /** @type {const} */ ({ ok: 'ok', wrong: 'WRONG', due: 'due', unchecked: '-' })
const nameWidth = 26

/** @param {string} name @param {string} what @returns {Finding} */
export const ok = (name, what) => ({ state: 'ok', name, what })

/** @param {string} name @param {string} what @param {...string} todo @returns {Finding} */
export const wrong = (name, what, ...todo) => ({ state: 'wrong', name, what, todo })

/** @param {string} name @param {string} what @param {...string} todo @returns {Finding} */
export const due = (name, what, ...todo) => ({ state: 'due', name, what, todo })

/** @param {string} name @param {string} what @param {...string} todo @returns {Finding} */
export const unchecked = (name, what, ...todo) => ({ state: 'unchecked', name, what, todo })

/** One that is fine, or one for each problem. @param {string} name @param {string} fine @param {readonly [string, ...string[]][]} problems a sentence and what to do */
export function judge(name, fine, problems) {
  return problems.length === 0
    ? [ok(name, fine)]
    : problems.map(([what, ...todo]) => wrong(name, what, ...todo))
}

/** @param {Finding} finding */
function formatFinding({ state, name, what, todo = [] }) {
  const indent = ' '.repeat(7)
  const lines = [`${words[state].padEnd(7)}${name.padEnd(nameWidth)}${what}`]
  return [...lines, ...todo.map((line) => `${indent}${' '.repeat(nameWidth)}→ ${line}`)].join('\n')
}

/** @param {readonly Finding[]} findings */
export const hasWrong = (findings) => findings.some(({ state }) => state === 'wrong')

/** A short form of the value that is wrong, fit to print. @param {unknown} value */
export function quote(value) {
  const text = String(value)
  return `'${text.length > 80 ? `${text.slice(0, 77)}…` : text}'`
}

/** Says findings as they come, and counts what is wrong. */
export class Report {
  wrongCount = 0
  /** @param {(line: string) => void} say */
  constructor(say) {
    this.say = say
  }

  /** @param {readonly Finding[]} findings */
  add(findings) {
    for (const finding of findings) this.say(formatFinding(finding))
    this.wrongCount += findings.filter(({ state }) => state === 'wrong').length
  }

  get isGood() {
    return this.wrongCount === 0
  }
}
