import { env } from 'cloudflare:workers'
import type { Services } from '../../src/services.ts'
import { createDatabase } from '../../src/shared/database.ts'
import { type Fault, withFault } from './faults.ts'
import { createHeldApp } from './held-app.ts'
import { interceptDatabase } from './intercept.ts'
import { silentLogger } from './people.ts'
import { type Answer, services } from './world.ts'

export interface Sent {
  readonly path: string
  readonly token?: string | undefined
  readonly key?: string | undefined
  readonly json?: unknown
  /** A form is built anew each time, so that its boundary differs, as a client's does that tries again. */
  readonly form?: () => FormData
  readonly headers?: Record<string, string>
}

/** Posts to the app with those services. */
export async function post(sent: Sent, using: Services = services): Promise<Answer> {
  const headers = new Headers(sent.headers)
  if (sent.token !== undefined) headers.set('authorization', `Bearer ${sent.token}`)
  if (sent.key !== undefined) headers.set('idempotency-key', sent.key)
  if (sent.json !== undefined) headers.set('content-type', 'application/json')
  const body = sent.form ? sent.form() : JSON.stringify(sent.json)
  const app = createHeldApp(() => using)
  const answer = await app.request(sent.path, { method: 'POST', headers, body }, env)
  return { status: answer.status, headers: answer.headers, body: await answer.json() }
}

export const isReplayed = (answer: Answer) => answer.headers.get('idempotency-replayed') === 'true'

export const createKey = () => crypto.randomUUID()

/** The services with a clock that is that far ahead. */
export function later(minutes: number): Services {
  return { ...services, clock: { nowMs: () => Date.now() + minutes * 60_000 } }
}

/** The request whose process died holds its key no longer. */
export async function endLease(key: string): Promise<void> {
  await env.DB.prepare(
    'UPDATE idempotency_keys SET lease_until = 0 WHERE key = ? AND status IS NULL',
  )
    .bind(key)
    .run()
}

/** The services in which something goes wrong at one call, the database's and the ledger's among them. */
export function breakAt(fault: Fault) {
  const faulty = withFault(services, fault)
  const using: Services = { ...services, ...faulty.context, logger: silentLogger }
  return { using, calls: faulty.calls, died: faulty.died }
}

/**
 * The services that stop at the first call of the database after the key was claimed, until `release` is called. What is
 * asked of the key itself goes through.
 */
export function holdAfterClaim() {
  const gate = Promise.withResolvers<void>()
  const claimed = Promise.withResolvers<void>()
  const { raw } = services.database
  let isClaimed = false
  const wait = async () => {
    if (!isClaimed) return
    claimed.resolve()
    await gate.promise
  }
  const gated = interceptDatabase(raw, async ({ method, sql }, ask) => {
    if (!sql.includes('idempotency_keys')) await wait()
    const answer = await ask()
    if (method === 'batch') isClaimed = true
    return answer
  })
  const database = createDatabase(gated)
  return { using: { ...services, database }, claimed: claimed.promise, release: gate.resolve }
}
