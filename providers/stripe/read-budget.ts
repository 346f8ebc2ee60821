import { RetryLater } from '../../actors/port-errors.ts'
import { type Instant, msOf } from '../../values/instant.ts'
import { createReadPace } from './read-pace.ts'

export interface ReadBudgetOptions {
  /**
   * Reads a second in the long run. Stripe allows 100 requests a second in live mode, 25 in a
   * sandbox.
   */
  readonly perSecond: number
  /** Reads at once after a rest. */
  readonly burst: number
  /**
   * Places in the line. Who comes when all are taken is told when the line may have ended, and has
   * none.
   */
  readonly placesMax?: number
  /** Webhooks that may wait for Stripe's answers at once: each holds a place of our own work. */
  readonly webhooksAtOnce?: number
}

/**
 * Who reads. `webhook` and `effect` stand in one line, first come, first served; what is `ongoing`
 * has had its turn, and those behind it wait for what it needs more; `sweep` takes only what nobody
 * is likely to want soon.
 */
export type Reader = 'webhook' | 'effect' | 'ongoing' | 'sweep'

export interface Reading {
  /**
   * One for each read. The place in the line is kept under it: who comes back with it has waited
   * already.
   */
  readonly keys: readonly string[]
  readonly now: Instant
  readonly reader: Reader
}

export interface ReadBudget {
  /**
   * Does `work`, which reads as often as there are keys, once there is room for all of it. Until
   * then it throws RetryLater, which uses up no tries and says when there will be.
   */
  spend<T>(reading: Reading, work: () => Promise<T>): Promise<T>
  /** Stripe has refused a request for being one of too many, and may have said how long to wait. */
  slowDown(now: Instant, retryAfterMs: number | null): void
}

/** Whoever is not there so long after its turn came is somewhere else, and its place is free. */
const lateMs = 2_000
/** Who waits for what another is about to read comes after it. */
const behindMs = 1_000
/** Not at once: what is under way must have had the time to end. */
const turnedAwayMs = 1_000
const refusedMs = 1_000
/** Clocks of callers differ by less; one that goes back further was set. */
const setBackMs = 60_000

/**
 * The line for reads of Stripe, so that neither a storm of ties nor a crowd of customers that we
 * never met starves commands or feeds on its own retries. Nobody waits here: each is told once when
 * its turn comes.
 */
export function createReadBudget(options: ReadBudgetOptions): ReadBudget {
  const { perSecond, burst, placesMax = 10_000, webhooksAtOnce = 6 } = options
  const pace = createReadPace(perSecond)
  const time = createElapsed()
  /** When each may go, in the order in which they came. */
  const line = new Map<string, number>()
  let freeFromMs = Number.NEGATIVE_INFINITY
  let beyondMs = Number.NEGATIVE_INFINITY
  let turnedAwayUntilMs = Number.NEGATIVE_INFINITY
  let webhooks = 0

  function nextFree(ms: number): number {
    return Math.max(freeFromMs, ms - (burst - 1) * pace.msPerRead(ms))
  }

  function reserve(ms: number): number {
    const at = nextFree(ms)
    freeFromMs = at + pace.msPerRead(ms)
    return at
  }

  function isFirstLate(ms: number): boolean {
    const [first] = line.values()
    return first !== undefined && first <= ms - lateMs
  }

  function placeFor(ms: number): number {
    const [first] = line
    if (first === undefined || !isFirstLate(ms)) return reserve(ms)
    line.delete(first[0])
    return first[1]
  }

  /** All of the places are taken: those who come now are spread over the time after them. */
  function beyond(ms: number): RetryLater {
    beyondMs = Math.max(beyondMs, freeFromMs) + pace.msPerRead(ms)
    return waiting(beyondMs - ms)
  }

  function take(keys: readonly string[], ms: number): void {
    const others = keys.filter((key) => line.has(key))
    const own = keys.filter((key) => !line.has(key))
    if (own.length > 0 && line.size + own.length > placesMax && !isFirstLate(ms)) throw beyond(ms)
    // What is read together has its turn together.
    const at = Math.max(...own.map(() => placeFor(ms)))
    for (const key of own) line.set(key, at)
    const turn = Math.max(...keys.map((key) => line.get(key) ?? ms))
    if (turn > ms) throw waiting(turn - ms + (others.length > 0 ? behindMs : 0))
    for (const key of keys) line.delete(key)
  }

  /**
   * Too many webhooks wait for answers: those whose turn it would be come again one after the
   * other.
   */
  function turnAway(keys: readonly string[], ms: number): RetryLater {
    for (const key of keys) {
      if ((line.get(key) ?? ms) > ms) continue
      if (!line.has(key) && line.size >= placesMax) throw beyond(ms)
      turnedAwayUntilMs = Math.max(turnedAwayUntilMs, ms + turnedAwayMs)
      line.delete(key)
      line.set(key, turnedAwayUntilMs)
      turnedAwayUntilMs += pace.msPerRead(ms)
      reserve(ms)
    }
    return waiting(Math.max(ms + turnedAwayMs, ...keys.map((key) => line.get(key) ?? ms)) - ms)
  }

  function takeSpare(count: number, ms: number): void {
    const kept = Math.floor(burst / 2) * pace.msPerRead(ms)
    const short = nextFree(ms) - (ms - kept)
    if (short > 0) throw waiting(short)
    for (let n = 0; n < count; n += 1) reserve(ms)
  }

  return {
    async spend({ keys, now, reader }, work) {
      const ms = time(now)
      if (reader === 'sweep') takeSpare(keys.length, ms)
      if (reader === 'ongoing') for (const _key of keys) reserve(ms)
      if (reader === 'effect') take(keys, ms)
      if (reader !== 'webhook') return await work()
      if (webhooks >= webhooksAtOnce) throw turnAway(keys, ms)
      take(keys, ms)
      webhooks += 1
      try {
        return await work()
      } finally {
        webhooks -= 1
      }
    },
    slowDown(now, retryAfterMs) {
      const ms = time(now)
      if (!pace.slowDown(ms) && retryAfterMs === null) return
      freeFromMs = Math.max(freeFromMs, ms + (retryAfterMs ?? refusedMs))
      // The places that were given are spread again, in their order.
      let from = ms + (retryAfterMs ?? refusedMs)
      for (const [key, at] of line) {
        line.set(key, Math.max(at, from))
        from = Math.max(at, from) + pace.msPerRead(ms)
      }
      freeFromMs = Math.max(freeFromMs, from)
    },
  }
}

function waiting(ms: number): RetryLater {
  const afterMs = Math.max(1, Math.ceil(ms))
  return new RetryLater('it waits for its turn to read at Stripe', { afterMs, counts: false })
}

/** Milliseconds that have passed, whatever the clock is set back to. */
function createElapsed(): (now: Instant) => number {
  let passedMs = 0
  let lastMs: number | null = null
  return (now) => {
    const nowMs = msOf(now)
    if (lastMs === null || nowMs < lastMs - setBackMs) lastMs = nowMs
    passedMs += Math.max(0, nowMs - lastMs)
    lastMs = Math.max(lastMs, nowMs)
    return passedMs
  }
}
