import { DurableObject } from 'cloudflare:workers'
import {
  bookSuccess,
  type ClientRecord,
  decideLoginTry,
  type Failures,
  findForgettingTime,
  type LoginPolicy,
  type LoginRecords,
  type LoginTry,
  newClient,
  noFailures,
} from './login-guard.rules.ts'

/** A try of one client, by the name that stands for it. */
export interface GuardedTry extends LoginTry {
  readonly clientName: string
}

const strangersKey = 'strangers'
const policyKey = 'policy'
const clientPrefix = 'client:'
const cleaningMs = 60 * 60 * 1000
const clientsAtOnceMax = 1000

/**
 * The failed logins of one e-mail address, whether or not anybody has it: so neither answers nor times tell who is
 * registered. Each call reads, decides and stores without a pause, so that of many tries at once each is counted.
 */
export class LoginGuard extends DurableObject {
  /** How long the client has to wait; zero where its password may be tried now, which is then booked as a failure. */
  async knock(attempt: GuardedTry, policy: LoginPolicy): Promise<number> {
    const before = this.#read(attempt)
    const { waitMs, records } = decideLoginTry(before, attempt, policy)
    // Who knocks before their turn changes nothing, and must not make the others wait for a write.
    if (records === before) return waitMs
    this.#write(attempt, records, policy)
    if ((await this.ctx.storage.getAlarm()) === null) await this.#cleanLater()
    return waitMs
  }

  /** The password that the client tried was right. */
  succeed(attempt: GuardedTry, policy: LoginPolicy): void {
    this.#write(attempt, bookSuccess(this.#read(attempt), attempt, policy), policy)
  }

  /** Forgets what has no effect any more, and itself when nothing is left. */
  override async alarm(): Promise<void> {
    const { kv } = this.ctx.storage
    const policy = kv.get<LoginPolicy>(policyKey)
    const nowMs = Date.now()
    let remembered = 0
    if (policy !== undefined) {
      for (const [key, client] of this.#listClients()) {
        if (findForgettingTime(client, policy) > nowMs) remembered += 1
        else kv.delete(key)
      }
    }
    if (remembered > 0) await this.#cleanLater()
    else await this.ctx.storage.deleteAll()
  }

  *#listClients(): Iterable<[string, ClientRecord]> {
    let startAfter: string | undefined
    for (;;) {
      const page: [string, ClientRecord][] = [
        ...this.ctx.storage.kv.list<ClientRecord>({
          prefix: clientPrefix,
          limit: clientsAtOnceMax,
          ...(startAfter === undefined ? {} : { startAfter }),
        }),
      ]
      yield* page
      startAfter = page.at(-1)?.[0]
      if (page.length < clientsAtOnceMax || startAfter === undefined) return
    }
  }

  #read({ clientName }: GuardedTry): LoginRecords {
    const { kv } = this.ctx.storage
    return {
      strangers: kv.get<Failures>(strangersKey) ?? noFailures,
      client: kv.get<ClientRecord>(clientPrefix + clientName) ?? newClient,
    }
  }

  #write({ clientName }: GuardedTry, records: LoginRecords, policy: LoginPolicy): void {
    const { kv } = this.ctx.storage
    kv.put(strangersKey, records.strangers)
    kv.put(clientPrefix + clientName, records.client)
    kv.put(policyKey, policy)
  }

  #cleanLater(): Promise<void> {
    return this.ctx.storage.setAlarm(Date.now() + cleaningMs)
  }
}
