/** @typedef {import('./steps.mjs').Step} Step */
/** @typedef {import('./steps.mjs').Expectation} Expectation */

const pollMs = 250
/** Two minutes, whatever is waited for. */
const pollsMax = 480

/** A value as code: texts in single quotes, as the rest is written. @param {unknown} value @returns {string} */
const write = (value) => {
  if (Array.isArray(value)) return `[${value.map(write).join(', ')}]`
  if (typeof value !== 'string') return JSON.stringify(value)
  return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}
/** @param {string} text a text with `{{variables}}`, as code that fills them in */
const fillIn = (text) =>
  text.includes('{{') ? `pm.variables.replaceIn(${write(text)})` : write(text)

/**
 * The lines that run before a request is sent.
 * @param {Step} step
 * @returns {string[]}
 */
export function writePreparation({ set = {} }) {
  return Object.entries(set).map(
    ([name, text]) => `pm.collectionVariables.set(${write(name)}, ${fillIn(text)})`,
  )
}

/**
 * The lines that check an answer and keep what later requests need.
 * @param {Step} step
 * @param {{ isEnvelope: boolean }} answer whether it has `success`
 * @returns {string[]}
 */
export function writeTests(step, { isEnvelope }) {
  const readsBody = isEnvelope || step.expect || step.keep || step.until
  return [
    ...writeStatusTest(step.status),
    ...Object.entries(step.expectHeaders ?? {}).map(
      ([name, value]) =>
        `pm.test(${write(`${name} is ${value}`)}, () => pm.expect(pm.response.headers.get(${write(name)})).to.equal(${fillIn(value)}))`,
    ),
    ...(readsBody ? ['const answer = pm.response.json()'] : []),
    ...(isEnvelope ? writeEnvelopeTests(step) : []),
    ...(step.until ? writePolling(step.until, writeBodyTests(step)) : writeBodyTests(step)),
  ]
}

/** @param {Step['status']} status */
function writeStatusTest(status) {
  if (typeof status === 'number') {
    return [`pm.test('answers ${status}', () => pm.response.to.have.status(${status}))`]
  }
  return [
    `pm.test('answers ${status.join(' or ')}', () => pm.expect(pm.response.code).to.be.oneOf(${write(status)}))`,
  ]
}

/** @param {Step} step */
function writeEnvelopeTests({ code }) {
  if (code === undefined) {
    return ["pm.test('success is true', () => pm.expect(answer.success).to.equal(true))"]
  }
  return [
    "pm.test('success is false', () => pm.expect(answer.success).to.equal(false))",
    `pm.test('the code is ${code}', () => pm.expect(answer.code).to.equal('${code}'))`,
  ]
}

/** @param {Step} step */
function writeBodyTests({ expect = {}, keep = {} }) {
  return [
    ...Object.entries(expect).map(([place, value]) => writeExpectation(place, value)),
    ...Object.entries(keep).map(
      ([name, place]) => `pm.collectionVariables.set('${name}', answer.${place})`,
    ),
  ]
}

/** @param {string} place @param {Expectation} value */
function writeExpectation(place, value) {
  const { words, check } = describe(`answer.${place}`, value)
  return `pm.test(${write(`${place} ${words}`)}, () => ${check})`
}

/** @param {string} found @param {Expectation} value */
function describe(found, value) {
  if (typeof value === 'string' && value.includes('{{')) {
    // A variable may have been kept as a text.
    return { words: `is ${value}`, check: `pm.expect(String(${found})).to.equal(${fillIn(value)})` }
  }
  if (value === null || typeof value !== 'object') {
    return { words: `is ${value}`, check: `pm.expect(${found}).to.equal(${write(value)})` }
  }
  if ('above' in value) {
    return {
      words: `is above ${value.above}`,
      check: `pm.expect(${found}).to.be.above(${value.above})`,
    }
  }
  if ('oneOf' in value) {
    const check = `pm.expect(${found}).to.be.oneOf(${write(value.oneOf)})`
    return { words: `is one of ${value.oneOf.join(', ')}`, check }
  }
  if ('length' in value) {
    return {
      words: `has ${value.length}`,
      check: `pm.expect(${found}).to.have.lengthOf(${value.length})`,
    }
  }
  return {
    words: `contains ${value.contains}`,
    check: `pm.expect(${found}).to.contain(${fillIn(value.contains)})`,
  }
}

/**
 * Sends the request again in a while, unless the answer is what is waited for, or it was asked too often.
 * @param {import('./steps.mjs').Until} until
 * @param {readonly string[]} lines what is checked at the end
 */
function writePolling({ at, isOneOf }, lines) {
  return [
    `const hasEnded = ${write(isOneOf)}.includes(answer.${at})`,
    "const polls = Number(pm.collectionVariables.get('polls') || 0) + 1",
    `if (!hasEnded && polls < ${pollsMax}) {`,
    "  pm.collectionVariables.set('polls', polls)",
    '  // The next request is sent when the timer is over.',
    `  setTimeout(() => {}, ${pollMs})`,
    '  pm.execution.setNextRequest(pm.info.requestName)',
    '} else {',
    "  pm.collectionVariables.set('polls', 0)",
    `  pm.test('${at} is one of ${isOneOf.join(', ')} in time', () => pm.expect(hasEnded).to.equal(true))`,
    ...lines.map((line) => `  ${line}`),
    '}',
  ]
}
