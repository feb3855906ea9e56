/**
 * `npm run simulate -- --seeds 1000 --from 0`: plays whole stories in which anything fails at any step, and says what did not
 * come right. `npm run simulate -- --guards` takes out each guard in turn and plays until a story notices;
 * `--only outbox` those whose names hold the word.
 */
import { parseArgs } from 'node:util'
import { formatTail, say } from './lib/say.mjs'
import { removeGuards } from './simulate/guards.mjs'
import { playStories } from './simulate/play.mjs'

/** A runtime is made anew after so many, so that its memory stays bounded. */
const storiesAtOnce = 100
const minuteMs = 60_000

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '0' },
    guards: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
})
const [from, count] = [Number(values.from), Number(values.seeds)]
process.exitCode = values.guards
  ? await removeGuards({ from, count, only: values.only })
  : await playAll()

async function playAll() {
  /** @type {Record<string, number>} */
  const faults = {}
  /** @type {Record<string, number>} */
  const made = {}
  const sums = { stories: 0, actions: 0, calls: 0, broken: 0, longestMs: 0 }
  for (let first = from; first < from + count; first += storiesAtOnce) {
    const { failure } = await playStories({
      from: first,
      count: Math.min(storiesAtOnce, from + count - first),
      onTold(story) {
        sums.stories += 1
        sums.actions += story.actionCount
        sums.calls += story.calls
        sums.longestMs = Math.max(sums.longestMs, story.endedAfterMs)
        add(faults, story.faults)
        add(made, story.made)
        if (story.broken.length === 0) return
        sums.broken += 1
        say(`Story ${story.seed} came out wrong: ${story.broken.join('; ')}`)
        say(`  Again: npm run simulate -- --seeds 1 --from ${story.seed}`)
      },
    })
    if (failure !== null) {
      say(`The stories from ${first} on could not be played:\n${formatTail(failure)}`)
      return 1
    }
    say(`${sums.stories} of ${count} stories, ${sums.broken} broken`)
  }
  say(
    `\n${sums.stories} stories, ${sums.actions} things that people did, ${sums.calls} calls of something outside. ` +
      `Made: ${list(made)}. Faults: ${list(faults)}. ` +
      `Everything had ended at most ${Math.round(sums.longestMs / minuteMs)} minutes after the last fault. ` +
      `Broken: ${sums.broken}.`,
  )
  return sums.broken > 0 ? 1 : 0
}

/** @param {Record<string, number>} sums @param {Readonly<Record<string, number>>} more */
function add(sums, more) {
  for (const [name, count] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + count
}

/** @param {Record<string, number>} sums */
function list(sums) {
  return Object.entries(sums)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}
