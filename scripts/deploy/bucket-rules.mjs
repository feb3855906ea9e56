/*
 * wrangler tells a bucket's rules as labelled values, a blank line between two rules, and not as JSON: the rules of the
 * repository's files are put in the same words, and compared with them.
 */

/** @typedef {Readonly<Record<string, string>>} Rule values by label */

/**
 * @param {string} output of `wrangler r2 bucket cors list` or `… lifecycle list`
 * @param {string} firstLabel the label that every rule begins with
 * @returns {Rule[]}
 */
export function readListedRules(output, firstLabel) {
  /** @type {Record<string, string>[]} */
  const rules = []
  for (const line of output.split('\n')) {
    const [, label, value = ''] = /^([a-z_]+):\s*(.*?)\s*$/.exec(line) ?? []
    if (label === undefined) continue
    if (label === firstLabel) rules.push({})
    const rule = rules.at(-1)
    if (rule) rule[label] = value
  }
  return rules
}

/** @param {{ rules: readonly any[] }} policy what `wrangler r2 bucket cors set --file` takes @returns {Rule[]} */
export const describeCors = ({ rules }) =>
  rules.map((rule) => ({
    allowed_origins: list(rule.allowed?.origins, '(no origins)'),
    allowed_methods: list(rule.allowed?.methods, '(no methods)'),
    allowed_headers: list(rule.allowed?.headers, '(no headers)'),
    exposed_headers: list(rule.exposeHeaders, '(no exposed headers)'),
    max_age_seconds: rule.maxAgeSeconds ? String(rule.maxAgeSeconds) : '(0 seconds)',
  }))

/** @param {{ rules: readonly any[] }} policy what `wrangler r2 bucket lifecycle set --file` takes @returns {Rule[]} */
export const describeLifecycle = ({ rules }) =>
  rules.map((rule) => ({
    name: rule.id,
    enabled: rule.enabled ? 'Yes' : 'No',
    prefix: rule.conditions?.prefix || '(all prefixes)',
    action: describeActions(rule),
  }))

/** @param {any} rule */
function describeActions(rule) {
  const actions = [
    ['Expire objects', rule.deleteObjectsTransition],
    ...(rule.storageClassTransitions ?? []).map((/** @type {unknown} */ transition) => [
      'Transition to Infrequent Access',
      transition,
    ]),
    ['Abort incomplete multipart uploads', rule.abortMultipartUploadsTransition],
  ]
  return actions
    .filter(([, transition]) => transition)
    .map(([action, { condition }]) =>
      condition.type === 'Age'
        ? `${action} after ${condition.maxAge / 86_400} days`
        : `${action} on ${condition.date}`,
    )
    .join(', ')
}

/** @param {readonly string[] | undefined} values @param {string} none */
const list = (values, none) => values?.join(', ') || none

/**
 * Where the listed rules are not those of the file, in any order of a rule's list; null where they are.
 * @param {readonly Rule[]} wanted
 * @param {readonly Rule[]} listed
 */
export function findRuleDifference(wanted, listed) {
  const [want, have] = [wanted, listed].map((rules) => rules.map(formatRule).sort())
  const missing = want?.find((rule) => !have?.includes(rule))
  if (missing) return `it lacks the rule ${missing}`
  const more = have?.find((rule) => !want?.includes(rule))
  return more ? `it has the rule ${more}` : null
}

/** @param {Rule} rule */
const formatRule = (rule) =>
  Object.entries(rule)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}: ${value.split(', ').sort().join(', ')}`)
    .join('; ')
