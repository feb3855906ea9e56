/**
 * Who may try a password, and when. An account's failures slow down strangers; a client that logged in before has a
 * budget of its own, so that an attack from elsewhere costs its owner nothing. After "Slow Down Online Guessing Attacks
 * with Device Cookies" (OWASP), with addresses in the place of cookies, which the clients of an API do not keep.
 */
export interface LoginPolicy {
  /** Failures before anybody waits. */
  readonly freeFailures: number
  /** In which as many failures are forgotten. */
  readonly windowMs: number
  /** The first wait; each further failure doubles it. */
  readonly firstWaitMs: number
  /** No wait is longer: so long may a right password from a new address take at most during an attack. */
  readonly longestWaitMs: number
  /** How long a client is remembered that has logged in. */
  readonly knownForMs: number
}

/** A count that drains evenly: `level` failures as of `atMs`. */
export interface Failures {
  readonly level: number
  readonly atMs: number
}

/** What is known of one client of one account. */
export interface ClientRecord {
  readonly failures: Failures
  /** When its turn comes, or came; zero where it never had to wait. */
  readonly mayTryAtMs: number
  /** Until when a success of its own speaks for it. */
  readonly knownUntilMs: number
}

export const noFailures: Failures = { level: 0, atMs: 0 }
export const newClient: ClientRecord = { failures: noFailures, mayTryAtMs: 0, knownUntilMs: 0 }

/** What is on record of the account and of the client who knocks. */
export interface LoginRecords {
  /** Of all strangers together. */
  readonly strangers: Failures
  readonly client: ClientRecord
}

export interface LoginTry {
  readonly nowMs: number
  /** The client proved by other means that it had logged in. */
  readonly isTrusted: boolean
}

export interface LoginDecision {
  /** Zero where the password may be tried now. */
  readonly waitMs: number
  readonly records: LoginRecords
}

/**
 * Decides whether a password may be tried. The try is booked as a failure at once, so that many at the same moment count
 * as many; `bookSuccess` takes it back.
 */
export function decideLoginTry(
  records: LoginRecords,
  attempt: LoginTry,
  policy: LoginPolicy,
): LoginDecision {
  const { strangers, client } = records
  const { nowMs } = attempt
  if (nowMs < client.mayTryAtMs) return { waitMs: client.mayTryAtMs - nowMs, records }

  const isKnown = attempt.isTrusted || nowMs < client.knownUntilMs
  if (isKnown) {
    const failures = addFailure(client.failures, nowMs, policy)
    const mayTryAtMs = findTurn(failures.level, nowMs, policy)
    return { waitMs: 0, records: { strangers, client: { ...client, failures, mayTryAtMs } } }
  }

  const levels = [levelAt(strangers, nowMs, policy), levelAt(client.failures, nowMs, policy)]
  const waitMs = waitFor(Math.max(...levels), policy)
  // Who was told to wait, and has, is let in once, whatever others did meanwhile.
  const hasWaited = client.mayTryAtMs > 0 && nowMs < client.mayTryAtMs + policy.windowMs
  if (waitMs > 0 && !hasWaited) {
    return { waitMs, records: { strangers, client: { ...client, mayTryAtMs: nowMs + waitMs } } }
  }
  const failures = addFailure(client.failures, nowMs, policy)
  const everybodys = addFailure(strangers, nowMs, policy)
  const mayTryAtMs = findTurn(Math.max(failures.level, everybodys.level), nowMs, policy)
  return {
    waitMs: 0,
    records: { strangers: everybodys, client: { ...client, failures, mayTryAtMs } },
  }
}

/** The password was right: the try was no failure, and the client is known from now on. */
export function bookSuccess(
  { strangers, client }: LoginRecords,
  { nowMs, isTrusted }: LoginTry,
  policy: LoginPolicy,
): LoginRecords {
  const wasKnown = isTrusted || nowMs < client.knownUntilMs
  const level = levelAt(strangers, nowMs, policy)
  return {
    strangers: wasKnown ? strangers : { level: Math.max(0, level - 1), atMs: nowMs },
    client: { failures: noFailures, mayTryAtMs: 0, knownUntilMs: nowMs + policy.knownForMs },
  }
}

/** When a record says no more than none would. */
export function findForgettingTime(client: ClientRecord, policy: LoginPolicy): number {
  const { failures, mayTryAtMs, knownUntilMs } = client
  const drainMs = (failures.level * policy.windowMs) / policy.freeFailures
  return Math.max(knownUntilMs, mayTryAtMs + policy.windowMs, failures.atMs + drainMs)
}

function levelAt({ level, atMs }: Failures, nowMs: number, policy: LoginPolicy): number {
  const forgotten = (Math.max(0, nowMs - atMs) * policy.freeFailures) / policy.windowMs
  return Math.max(0, level - forgotten)
}

/** Above the level of the longest wait nothing changes, and an attack that ended would be held against new clients for days. */
function addFailure(failures: Failures, nowMs: number, policy: LoginPolicy): Failures {
  const levelMax = policy.freeFailures + Math.log2(policy.longestWaitMs / policy.firstWaitMs) + 1
  return { level: Math.min(levelMax, levelAt(failures, nowMs, policy) + 1), atMs: nowMs }
}

function waitFor(level: number, { freeFailures, firstWaitMs, longestWaitMs }: LoginPolicy): number {
  if (level < freeFailures) return 0
  return Math.min(longestWaitMs, Math.ceil(firstWaitMs * 2 ** (level - freeFailures)))
}

function findTurn(level: number, nowMs: number, policy: LoginPolicy): number {
  const waitMs = waitFor(level, policy)
  return waitMs === 0 ? 0 : nowMs + waitMs
}
