/**
 * @typedef {object} Goal
 * @property {string} name
 * @property {boolean} met
 *
 * @typedef {object} Row
 * @property {Record<string, string | number | undefined>} cells by the heading of their column
 * @property {Goal[]} [goals]
 *
 * @typedef {object} Section
 * @property {string} title
 * @property {Row[]} rows
 * @property {string[]} [notes]
 */

/** The section as a table in Markdown, with each row's goals beside its figures. @param {Section} section */
export function formatSection({ title, rows, notes = [] }) {
  const headings = [...new Set(rows.flatMap(({ cells }) => Object.keys(cells)))]
  const hasGoals = rows.some(({ goals }) => goals && goals.length > 0)
  const lines = [
    [...headings, ...(hasGoals ? ['goals'] : [])],
    ...rows.map(({ cells, goals = [] }) => [
      ...headings.map((heading) => formatCell(cells[heading])),
      ...(hasGoals ? [goals.map(formatGoal).join('; ')] : []),
    ]),
  ]
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)),
  )
  const table = lines.map(
    (line) => `| ${line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`,
  )
  table.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`)
  return [`### ${title}`, '', ...table, ...notes.flatMap((note) => ['', note]), ''].join('\n')
}

/** @param {readonly Section[]} sections */
export function countGoals(sections) {
  const goals = sections.flatMap(({ rows }) => rows.flatMap(({ goals = [] }) => goals))
  return { all: goals.length, met: goals.filter(({ met }) => met).length }
}

/** @param {Goal} goal */
const formatGoal = ({ name, met }) => `${name}: ${met ? 'met' : 'NOT MET'}`

/** Three digits that mean something. @param {string | number | undefined} value */
function formatCell(value) {
  if (value === undefined) return '–'
  if (typeof value === 'string') return value
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 100) return String(Math.round(value))
  return String(Number(value.toPrecision(3)))
}
