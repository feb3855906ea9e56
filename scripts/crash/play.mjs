import { setTimeout as sleep } from 'node:timers/promises'
import { formatTail, say } from '../lib/say.mjs'
import { createClient, createTally } from './client.mjs'
import { live } from './deeds.mjs'
import { disturb } from './disturbances.mjs'
import { checkInvariants } from './invariants.mjs'
import { makeFilm } from './media.mjs'
import { logInAdministrator, registerPerson } from './people.mjs'
import { createRandom } from './random.mjs'
import { createReader } from './reader.mjs'
import { startStack } from './stack.mjs'

const minuteMs = 60_000
/** What one person does at once. */
const lanes = 2
/** A lease lasts a minute and a lost message is sent again after it, by a sweep; the rest is for the work itself. */
const leaseSeconds = 60
const workSeconds = 90
/** Everything is given up that has not ended by then. */
const patienceMs = 15 * minuteMs

/**
 * Plays one load with its crashes and prints what came of it; answers what did not hold.
 * @param {Omit<Parameters<typeof startStack>[0], 'sweepSeconds'> & { seed: string, minutes: number, plan: readonly string[] | null,
 *   peopleCount: number, sweepSeconds: number, calmSeconds: number }} options
 */
export async function playCrashes(options) {
  const { seed, minutes, plan, peopleCount, sweepSeconds, calmSeconds } = options
  const random = createRandom(seed)
  const tally = createTally()
  const [stack, film] = await Promise.all([startStack(options), makeFilm()])
  const client = createClient({ url: stack.url, tally })
  const adminToken = await logInAdministrator(client)
  const people = await Promise.all(
    Array.from({ length: peopleCount }, () => registerPerson(client)),
  )
  say(`${peopleCount} people begin (seed ${seed})`)

  const load = { isOver: false }
  const lives = people.flatMap((person, number) =>
    Array.from({ length: lanes }, (_, lane) => {
      const life = { client, person, film, adminToken, wrong: tally.wrong }
      return live({ ...life, random: random.fork(`${number}/${lane}`) }, load)
    }),
  )
  const happened = await disturb({
    stack,
    random: random.fork('disturbances'),
    plan,
    endMs: Date.now() + minutes * minuteMs,
    calmMsMax: calmSeconds * 1000,
  })
  load.isOver = true
  const lastMs = Date.now()
  await Promise.all(lives)
  const secondsMax = leaseSeconds + sweepSeconds + workSeconds
  const isEnded = await waitForAllEnded({
    client,
    adminToken,
    warnAtMs: lastMs + secondsMax * 1000,
  })
  const settledSeconds = (Date.now() - lastMs) / 1000
  const jobs = await measureJobs({ client, people, happened })
  const checked = await checkInvariants({
    ...{ client, people, adminToken },
    ...{ url: stack.url, secrets: stack.secrets },
  })

  const broken = [
    ...tally.wrong,
    ...stack.surprises,
    ...(isEnded ? [] : [`not everything had ended after ${patienceMs / minuteMs} minutes`]),
    ...[...jobs.all, ...jobs.uploads]
      .filter((seconds) => seconds > secondsMax)
      .map((seconds) => `something took ${seconds} s after the last crash in its time`),
    ...checked.broken,
  ]
  if (broken.length > 0)
    say(`The Worker's last words:\n${formatTail(stack.outputOf('worker'), 100)}`)
  report({ happened, tally, people, jobs, settledSeconds, secondsMax, checked, broken })
  await stack.close()
  return broken
}

/**
 * Waits for the end of all that was begun; tells once what is still open at a time by which nothing should be.
 * @param {{ client: import('./client.mjs').Client, adminToken: string, warnAtMs: number }} waiting
 */
async function waitForAllEnded({ client, adminToken, warnAtMs }) {
  const deadlineMs = Date.now() + patienceMs
  let hasWarned = false
  while (Date.now() < deadlineMs) {
    const metrics = await readAsAdmin('/api/admin/metrics')
    const { inferences, uploads, ledger } = metrics
    const { RECEIVING = 0, RUNNING = 0 } = uploads.ingestions
    const open = [
      ...Object.values(inferences.open),
      ...ledger.reservations.map((/** @type {{ count: number }} */ { count }) => count),
      ...[RECEIVING, RUNNING, inferences.unsettled],
      ...[ledger.outbox.entriesWaiting, ledger.outbox.reservationsUndelivered],
    ]
    if (open.every((count) => count === 0)) return true
    if (Date.now() > warnAtMs && !hasWarned) {
      hasWarned = true
      await tellOpen(metrics)
    }
    await sleep(500)
  }
  return false

  /** @param {string} path */
  async function readAsAdmin(path) {
    return (await client.askOn({ method: 'GET', path, token: adminToken })).body.data
  }

  /** @param {object} metrics */
  async function tellOpen(metrics) {
    say(`Still open: ${JSON.stringify(metrics)}`)
    const { inferences } = await readAsAdmin('/api/admin/inferences?status=RUNNING')
    for (const { id } of inferences) {
      say(`  ${JSON.stringify((await readAsAdmin(`/api/admin/inferences/${id}`)).tasks)}`)
    }
  }
}

/**
 * How long each job and each upload took: from its start, or from the last crash that it lived through, in seconds.
 * @param {{ client: import('./client.mjs').Client, people: readonly import('./people.mjs').Person[], happened: readonly { atMs: number }[] }} world
 */
async function measureJobs({ client, people, happened }) {
  const measure = (/** @type {number} */ startMs, /** @type {number} */ endMs) => {
    const crashes = happened.map(({ atMs }) => atMs).filter((atMs) => atMs < endMs)
    return Math.round((endMs - Math.max(startMs, ...crashes)) / 100) / 10
  }
  const all = []
  let crashed = 0
  for (const { token } of people) {
    for (const { createdAt, updatedAt } of await createReader(client, token).listInferences()) {
      const [startMs, endMs] = [Date.parse(createdAt), Date.parse(updatedAt)]
      all.push(measure(startMs, endMs))
      if (happened.some(({ atMs }) => atMs > startMs && atMs < endMs)) crashed += 1
    }
  }
  const uploads = people.flatMap((person) =>
    person.uploads.map(({ startedMs, endedMs }) => measure(startedMs, endedMs)),
  )
  return { all, crashed, uploads }
}

/** @typedef {Awaited<ReturnType<typeof measureJobs>>} Jobs */

/**
 * @param {{ happened: readonly { name: string }[], tally: import('./client.mjs').Tally, people: readonly import('./people.mjs').Person[],
 *   jobs: Jobs, settledSeconds: number, secondsMax: number, checked: Awaited<ReturnType<typeof checkInvariants>>, broken: readonly string[] }} told
 */
function report({ happened, tally, people, jobs, settledSeconds, secondsMax, checked, broken }) {
  const { sums, reconciliation } = checked
  const tokens = (/** @type {number} */ thousandths) => thousandths / 1000
  const names = [...new Set(happened.map(({ name }) => name))]
  const times = (/** @type {string} */ wanted) =>
    happened.filter(({ name }) => name === wanted).length
  const kills = happened.filter(({ name }) => name.startsWith('kill')).length
  const failed = people.flatMap(({ failedUploads }) => failedUploads)
  const longest = (/** @type {readonly number[]} */ seconds) => Math.max(0, ...seconds)
  say(
    `\n${kills} kills, ${happened.length - kills} clean restarts: ` +
      names.map((name) => `${name} ${times(name)}`).join(', '),
  )
  say(
    `${jobs.all.length} inferences, ${jobs.crashed} of them while something was ended; ` +
      `${jobs.uploads.length} uploads, ${failed.length} more failed as a whole; ${sums.items} items`,
  )
  say(
    `Longest time to the end after the last crash: inferences ${longest(jobs.all)} s, uploads ${longest(jobs.uploads)} s ` +
      `(must be below ${secondsMax} s); everything ${settledSeconds.toFixed(1)} s after the last start`,
  )
  say(
    `Tokens: ${tokens(sums.granted)} granted, ${tokens(sums.uploads)} paid for uploads, ` +
      `${tokens(sums.inferences)} for inferences, ${tokens(sums.left)} left; ${sums.entries} entries`,
  )
  say(
    `${tally.requests} requests: ${JSON.stringify(tally.answers)}, ${tally.unanswered} without an answer, ` +
      `${tally.halfAnswers} with half of one, ${tally.refusedBefore} of what stands before the Worker; ${tally.sentAgain} sent again, ${tally.replayed} of them had taken effect`,
  )
  say(
    `Reconciliation: ${reconciliation.accountsChecked} accounts, ${reconciliation.objectsChecked} objects, ` +
      `${reconciliation.repairedCount} repaired, ${reconciliation.unrepairedCount} not; ${sums.bytes} bytes downloaded`,
  )
  for (const finding of reconciliation.findings) say(`  ${JSON.stringify(finding)}`)
  for (const why of failed) say(`A failed upload: ${why}`)
  for (const sentence of broken) say(`BROKEN: ${sentence}`)
  say(`${broken.length} broken invariants`)
}
