/**
 * Plays tasks that come at random to hosts that take one each: a task that finds all of them busy comes again some seconds
 * later, as a message does whose task was answered 503. Tells what the formula of hosts does not: how long tasks wait.
 * @param {{ hosts: number, taskSeconds: number, utilisation: number, retrySeconds: number, tasks?: number, seed?: number }} options
 *   tasks take `taskSeconds` on average, half of them between a half and three halves of it
 * @returns {{ meanSeconds: number, p95Seconds: number, callsPerTask: number }}
 */
export function playWaiting({
  hosts,
  taskSeconds,
  utilisation,
  retrySeconds,
  tasks = 20_000,
  seed = 1,
}) {
  const random = createRandom(seed)
  const pauseSeconds = taskSeconds / hosts / utilisation
  /** @type {number[]} when each host is free again */
  const freeAt = Array.from({ length: hosts }, () => 0)
  const queue = new TimedQueue()
  const waits = []
  let calls = 0
  let arrival = 0
  for (let task = 0; task < tasks; task += 1) {
    arrival += -Math.log(1 - random()) * pauseSeconds
    queue.add(arrival, arrival)
  }
  for (let next = queue.take(); next; next = queue.take()) {
    const { atSeconds, cameAt } = next
    calls += 1
    const host = freeAt.findIndex((free) => free <= atSeconds)
    if (host < 0) {
      queue.add(atSeconds + retrySeconds * (0.5 + random()), cameAt)
      continue
    }
    freeAt[host] = atSeconds + taskSeconds * (0.5 + random())
    waits.push(atSeconds - cameAt)
  }
  waits.sort((a, b) => a - b)
  return {
    meanSeconds: waits.reduce((total, wait) => total + wait, 0) / waits.length,
    p95Seconds: waits[Math.floor(waits.length * 0.95)] ?? 0,
    callsPerTask: calls / tasks,
  }
}

/** Numbers from 0 to 1 that a seed fixes (mulberry32, by Tommy Ettinger). @param {number} seed */
function createRandom(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** What is due first comes out first: a binary heap. */
class TimedQueue {
  /** @type {{ atSeconds: number, cameAt: number }[]} */
  #heap = []

  /** @param {number} atSeconds @param {number} cameAt */
  add(atSeconds, cameAt) {
    const heap = this.#heap
    let at = heap.push({ atSeconds, cameAt }) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#at(parent) <= atSeconds) break
      this.#swap(at, parent)
      at = parent
    }
  }

  take() {
    const heap = this.#heap
    const [first] = heap
    const last = heap.pop()
    if (!first || !last || heap.length === 0) return first
    heap[0] = last
    let at = 0
    for (;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      const child = this.#at(right) < this.#at(left) ? right : left
      if (this.#at(child) >= this.#at(at)) return first
      this.#swap(at, child)
      at = child
    }
  }

  /** @param {number} place */
  #at(place) {
    return this.#heap[place]?.atSeconds ?? Number.POSITIVE_INFINITY
  }

  /** @param {number} one @param {number} other */
  #swap(one, other) {
    const heap = this.#heap
    const [a, b] = [heap[one], heap[other]]
    if (a && b) [heap[one], heap[other]] = [b, a]
  }
}
