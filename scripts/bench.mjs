/**
 * `npm run bench`: measures the API under load; `npm run bench -- media`: the product at real sizes. Each bench is a file
 * of scripts/bench/, whose `run` gets what follows its name. Options without a name are the first one's.
 */
import { readdirSync } from 'node:fs'
import { fromRoot } from './lib/paths.mjs'
import { Refusal, say } from './lib/say.mjs'

const suffix = '.bench.mjs'
const names = readdirSync(fromRoot('scripts', 'bench'))
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length))

const words = process.argv.slice(2)
const [name = '', ...args] = words[0]?.startsWith('-') === false ? words : ['api', ...words]
try {
  if (!names.includes(name)) {
    throw new Refusal(`'${name}' is no bench: it can be ${names.join(', ')}.`)
  }
  const { run } = await import(`./bench/${name}${suffix}`)
  await run(args)
} catch (error) {
  say(
    error instanceof Refusal ? error.message : String(error instanceof Error ? error.stack : error),
  )
  process.exitCode = 1
}
