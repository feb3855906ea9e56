import { createChildren } from './children.mjs'
import { ensureInstalled } from './install.mjs'
import { root } from './paths.mjs'
import { formatSeconds, Refusal, say } from './say.mjs'
import { settleCounts } from './test-counts.mjs'
import { listSteps } from './test-steps.mjs'
import { findCleanCommit, rememberTestedCommit } from './tested-commit.mjs'
import { ensureWorkerTypes } from './worker-types.mjs'

/**
 * The Worker's tests keep about one core busy, each half of the Python tests about half of one; the journeys measure
 * out real time and have the machine to themselves.
 */
const stepsAtOnce = /** @type {const} */ ({ static: 2, tests: 3, journeys: 1 })

/** @typedef {import('./test-steps.mjs').Step} Step */
/** @typedef {import('./children.mjs').Children} Children */

/**
 * Runs the steps that the arguments name (all of them without arguments), prints a line for each and the output of
 * those that fail, then `N passed, N failed`. What is no step's name goes to the one step that is named.
 * @param {readonly string[]} args
 * @returns {Promise<never>} the process ends, with 1 when anything failed
 */
export async function runSteps(args) {
  const children = createChildren()
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, async () => {
      await children.stopAll()
      process.exit(130)
    })
  }
  try {
    process.exit(await runAll(children, args))
  } catch (error) {
    console.error(error instanceof Refusal ? error.message : error)
    await children.stopAll()
    process.exit(1)
  }
}

/** @param {Children} children @param {readonly string[]} args @returns {Promise<number>} the exit code */
async function runAll(children, args) {
  const toolsNode = await ensureInstalled(children, 'test')
  const steps = selectStepsOrThrow(listSteps(toolsNode), args)
  await ensureWorkerTypes(children, toolsNode)
  const isAlone = steps.length === 1
  const commit = findCleanCommit(root)
  const total = { passed: 0, failed: 0 }
  for (const [kind, lanes] of Object.entries(stepsAtOnce)) {
    const queue = steps.filter((step) => step.kind === kind)
    await Promise.all(Array.from({ length: lanes }, () => drain(queue)))
  }
  say(`${total.passed} passed, ${total.failed} failed`)
  // What a deployment asks for: that everything passed, on exactly this commit.
  const isWhole = args.length === 0 && total.failed === 0
  if (isWhole && commit !== null && commit === findCleanCommit(root)) {
    rememberTestedCommit(root, commit)
  }
  return total.failed === 0 ? 0 : 1

  /** @param {Step[]} queue */
  async function drain(queue) {
    for (let step = queue.shift(); step; step = queue.shift()) {
      const { passed, failed } = await runStep(children, step, isAlone)
      total.passed += passed
      total.failed += failed
    }
  }
}

/** @param {Children} children @param {Step} step @param {boolean} isLive whether its output is shown as it comes */
async function runStep(children, { name, command, share = [], readCounts }, isLive) {
  const startedMs = Date.now()
  const { code, reason, output } = await children.run({
    name,
    ...command,
    args: [...command.args, ...share],
    ...(isLive && { onLine: say }),
  })
  const counts = settleCounts(code === 0, readCounts?.())
  const verdict = code === 0 ? 'ok' : `FAILED (${reason})`
  const tests = readCounts ? `, ${counts.passed} passed, ${counts.failed} failed` : ''
  if (code !== 0 && !isLive) say(`\n${output.trimEnd()}\n`)
  say(`${verdict}  ${name}  ${formatSeconds(startedMs)}${tests}`)
  return counts
}

/** @param {Step[]} steps @param {readonly string[]} args @returns {Step[]} */
function selectStepsOrThrow(steps, args) {
  const wanted = steps.filter(({ name, kind }) => args.includes(name) || args.includes(kind))
  const rest = args.filter((arg) => !steps.some(({ name, kind }) => arg === name || arg === kind))
  if (args.length === 0) return steps
  const [only] = wanted
  if (!only || (rest.length > 0 && wanted.length > 1)) {
    throw new Refusal(
      `'${args.join(' ')}' names no step: choose from static, tests, ${steps.map(({ name }) => name).join(', ')}. ` +
        'One step takes further arguments, such as the path of a test.',
    )
  }
  if (rest.length === 0) return wanted
  return [{ ...only, share: rest }]
}
