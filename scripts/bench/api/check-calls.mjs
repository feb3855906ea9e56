import { Refusal } from '../../lib/say.mjs'
import { readRoutes } from './read-routes.mjs'

/**
 * Throws a Refusal where a route asks for other things than its row of the table says: the floor is made from that table.
 * The Worker that is asked is the counted one.
 * @param {import('./read-routes.mjs').Facts} facts
 */
export async function checkCallsOrThrow(facts) {
  const wrong = []
  for (const { name, at, calls, by } of readRoutes) {
    const person = by === 'admin' ? facts.admin : facts.user
    const ask = () => fetch(person.url + at(facts), { headers: person.headers })
    // What an isolate keeps is asked for once.
    await (await ask()).text()
    const answer = await ask()
    const text = await answer.text()
    if (!answer.ok) throw new Refusal(`${at(facts)} was answered ${answer.status}: ${text}`)
    const made = answer.headers.get('x-calls') ?? 'nothing that was counted'
    if (made !== calls.join(',')) wrong.push(`${name}: ${made} and not ${calls.join(',')}`)
  }
  if (wrong.length === 0) return
  throw new Refusal(
    `scripts/bench/api/read-routes.mjs says wrong what these routes call:\n  ${wrong.join('\n  ')}`,
  )
}
