/**
 * `npm run fuzz -- --seconds 60 --seed 6`: says over raw sockets what no client library would (lengths that lie, bodies that stop
 * half-way, rubbish for HTTP) to the running system, and tells what came back. `--url http://127.0.0.1:8787` says it to a
 * system that runs; without one it starts one of its own, on `--port` and `--inference-port`.
 * What is wrong in the API's own answers, `npm test -- worker test/fuzz` finds: `FUZZ_TIMES=20 FUZZ_SEED=7` asks it twenty
 * times as much, from another seed.
 */
import { parseArgs } from 'node:util'
import { withStack } from './bench/stack.mjs'
import { playMessages } from './fuzz/play.mjs'
import { say } from './lib/say.mjs'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '6' },
    url: { type: 'string' },
    port: { type: 'string', default: '8797' },
    'inference-port': { type: 'string', default: '8798' },
  },
})

const play = ({ url = '' }) =>
  playMessages({ url: new URL(url), seed: values.seed, seconds: Number(values.seconds) })
const ports = { port: Number(values.port), inferencePort: Number(values['inference-port']) }
const { outcomes, sent, wrongs } = values.url
  ? await play({ url: values.url })
  : await withStack(ports, play)

for (const [kind, counts] of outcomes) {
  const met = [...counts].sort().map(([outcome, count]) => `${outcome} ×${count}`)
  say(`${kind}: ${met.join(', ')}`)
}
for (const wrong of wrongs) say(`WRONG ${wrong}`)
const failures = [...outcomes.values()].flatMap((counts) =>
  [...counts].filter(([outcome]) => /^5\d\d$/.test(outcome)),
)
say(
  `Seed ${values.seed}: ${sent} connections, ${failures.reduce((sum, [, count]) => sum + count, 0)} answers of 5xx by the API, ${wrongs.length} wrong.`,
)
process.exitCode = wrongs.length > 0 ? 1 : 0
