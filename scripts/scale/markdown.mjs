/** A table of Markdown, its columns as wide as the formatter makes them. @param {string[]} head @param {string[][]} rows */
export function table(head, rows) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export const money = (/** @type {number} */ dollars) =>
  dollars >= 100 ? group(Math.round(dollars)) : dollars.toFixed(2)
export const group = (/** @type {number} */ count) =>
  String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ' ')

/** @param {number} value */
export function amount(value) {
  if (value >= 100) return group(Number(Math.round(value).toPrecision(3)))
  return value >= 1 ? String(Number(value.toPrecision(2))) : String(Number(value.toPrecision(1)))
}

/** @param {number} part */
export const share = (part) => (part > 1 ? `**${amount(part)} times**` : `${amount(part * 100)} %`)

/**
 * Puts each table in the place that a page keeps for it, between `<!-- scale: NAME -->` and `<!-- end -->`.
 * @param {string} page @param {Record<string, string>} tables
 */
export function fillPage(page, tables) {
  return page.replace(/(<!-- scale: (\w+) -->)[\s\S]*?(<!-- end -->)/g, (_, start, name, end) => {
    const found = tables[name]
    if (found === undefined) throw new Error(`No table is called ${name}.`)
    return `${start}\n\n${found}\n\n${end}`
  })
}
