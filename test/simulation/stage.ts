import { createRandom, type Random } from './random.ts'

/**
 * What can become of one call of something outside: it fails before it took effect; it takes effect and its answer is
 * lost; the process dies right before or right after it took effect; it takes effect minutes late; it takes effect twice.
 */
const faultKinds = ['fails', 'answer is lost', 'dies before', 'dies after', 'comes late'] as const

export type FaultKind = (typeof faultKinds)[number] | 'happens twice'

/** A request, a consumer's run or a sweep: whatever a process does from a beginning to an end. */
export interface Actor {
  readonly name: string
  readonly random: Random
  readonly faults: FaultKind[]
  isAlive: boolean
}

export type Ending<Result> =
  | { readonly kind: 'returned'; readonly result: Result }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'died' }

interface Call {
  readonly actor: Actor
  readonly name: string
  notBeforeMs: number
  readonly run: () => Promise<void>
}

export interface CallOptions {
  /** Whether whoever is called, or the way there, may do it twice. */
  readonly mayRepeat?: boolean
  readonly createError?: (name: string) => Error
}

/** Longer than the sweep waits before it gives up what a request began. */
const lateMsMax = 40 * 60_000
/** Of this machine's time, not of the story's. */
const stuckMs = 10_000

/**
 * Runs actors in one order that the seed decides: each call of something outside waits here until it is chosen, is run to
 * its end, and then every actor goes on until it waits again or has ended.
 */
export class Stage {
  nowMs: number
  faultRate = 0
  /** Whether calls happen at once, where nothing fails and one actor is alone. */
  isFree = true
  readonly trace: string[] = []
  readonly #seed: string
  readonly #isBusyElsewhere: () => boolean
  readonly #random: Random
  readonly #actors = new Map<Actor, (ending: Ending<never>) => void>()
  #calls: Call[] = []
  #pauses: { readonly untilMs: number; readonly resolve: () => void }[] = []
  #activity = 0
  #settledActivity = -1
  #count = 0

  constructor(seed: string, options: { startMs: number; isBusyElsewhere: () => boolean }) {
    this.#random = createRandom(`${seed}/order`)
    this.#seed = seed
    this.#isBusyElsewhere = options.isBusyElsewhere
    this.nowMs = options.startMs
  }

  get actorCount(): number {
    return this.#actors.size
  }

  /** Begins what an actor does; it goes on whenever `step` lets it. */
  begin<Result>(
    name: string,
    work: (actor: Actor) => Promise<Result>,
  ): { actor: Actor; ending: Promise<Ending<Result>> } {
    this.#count += 1
    const random = createRandom(`${this.#seed}/actor ${this.#count}`)
    const actor: Actor = { name: `${this.#count} ${name}`, random, faults: [], isAlive: true }
    const { promise, resolve } = Promise.withResolvers<Ending<Result>>()
    this.#actors.set(actor, resolve as (ending: Ending<never>) => void)
    this.trace.push(`${actor.name} begins`)
    this.#activity += 1
    work(actor).then(
      (result) => this.#end(actor, { kind: 'returned', result }),
      (error: unknown) => this.#end(actor, { kind: 'threw', error }),
    )
    return { actor, ending: promise }
  }

  #end(actor: Actor, ending: Ending<unknown>): void {
    const resolve = this.#actors.get(actor)
    if (!resolve) return
    this.#activity += 1
    actor.isAlive = false
    this.#actors.delete(actor)
    this.#calls = this.#calls.filter((call) => call.actor !== actor)
    this.trace.push(`${actor.name} ${ending.kind}`)
    resolve(ending as Ending<never>)
  }

  /** No call that it made or will make returns. */
  kill(actor: Actor): void {
    this.#end(actor, { kind: 'died' })
  }

  killAll(): void {
    for (const actor of [...this.#actors.keys()]) this.kill(actor)
  }

  /** Has something outside do something, when it is this call's turn. */
  call<Result>(
    actor: Actor,
    name: string,
    effect: () => Promise<Result>,
    { mayRepeat = false, createError = createFailure }: CallOptions = {},
  ): Promise<Result> {
    if (!actor.isAlive) return new Promise(() => undefined)
    if (this.isFree) {
      this.trace.push(`${actor.name}: ${name}`)
      return effect()
    }
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const fault = this.#chooseFault(actor, mayRepeat)
    const fail = () => reject(createError(name))
    const run = async () => {
      this.trace.push(`${actor.name}: ${name}${fault ? ` (${fault})` : ''}`)
      if (fault === 'fails') return fail()
      if (fault === 'dies before') return this.kill(actor)
      try {
        const result = await effect()
        if (fault === 'dies after') return this.kill(actor)
        if (fault === 'answer is lost') return fail()
        resolve(fault === 'happens twice' ? await effect() : result)
      } catch (error) {
        reject(error)
      }
    }
    const lateMs = fault === 'comes late' ? actor.random.below(lateMsMax) : 0
    this.#activity += 1
    this.#calls.push({ actor, name, notBeforeMs: this.nowMs + lateMs, run })
    return promise
  }

  #chooseFault(actor: Actor, mayRepeat: boolean): FaultKind | null {
    if (!actor.random.chance(this.faultRate)) return null
    const isRepeated = actor.random.chance(0.3)
    const fault = isRepeated && mayRepeat ? 'happens twice' : actor.random.pick(faultKinds)
    actor.faults.push(fault)
    return fault
  }

  /** Resolves when so much of the story's time has passed. */
  pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#pauses.push({ untilMs: this.nowMs + ms, resolve })
    return promise
  }

  #endPauses(): void {
    const over = this.#pauses.filter(({ untilMs }) => untilMs <= this.nowMs)
    this.#pauses = this.#pauses.filter((pause) => !over.includes(pause))
    for (const { resolve } of over) resolve()
    if (over.length > 0) this.#activity += 1
  }

  /** Lets one call happen; false when none may at present. */
  async step(): Promise<boolean> {
    this.#endPauses()
    await this.#settle()
    const ready = this.#calls.filter((call) => call.notBeforeMs <= this.nowMs)
    const chosen = ready[this.#random.below(ready.length)]
    if (!chosen) return false
    this.#calls = this.#calls.filter((call) => call !== chosen)
    this.#activity += 1
    await chosen.run()
    return true
  }

  /** Runs until every actor has ended; time passes where all that is left is late. */
  async runAll(): Promise<void> {
    if (this.isFree) return this.#runFreely()
    for (;;) {
      while (await this.step());
      if (this.#actors.size === 0) return
      this.nowMs = Math.max(this.nowMs, ...this.#calls.map((call) => call.notBeforeMs))
    }
  }

  async #runFreely(): Promise<void> {
    while (this.#actors.size > 0 || this.#isBusyElsewhere()) {
      await new Promise((resolve) => setTimeout(resolve, 0))
    }
  }

  /** Until every living actor waits for a call of its own, and nothing has happened for a few turns of the event loop. */
  async #settle(): Promise<void> {
    if (this.#activity === this.#settledActivity) return
    const startedMs = Date.now()
    for (let quiet = 0; quiet < 2; ) {
      const before = this.#activity
      await new Promise((resolve) => setTimeout(resolve, 0))
      const waiting = new Set(this.#calls.map((call) => call.actor))
      const allWait = [...this.#actors.keys()].every((actor) => waiting.has(actor))
      quiet = allWait && before === this.#activity && !this.#isBusyElsewhere() ? quiet + 1 : 0
      if (Date.now() - startedMs > stuckMs) {
        const stuck = [...this.#actors.keys()].filter((actor) => !waiting.has(actor))
        throw new Error(
          `These do nothing: ${stuck.map((actor) => actor.name).join(', ')}\n${this.trace.slice(-30).join('\n')}`,
        )
      }
    }
    this.#settledActivity = this.#activity
  }
}

function createFailure(name: string): Error {
  return new Error(`${name} failed, as the story wants it`)
}
