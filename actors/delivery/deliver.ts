import { plusMs, type Instant } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import type { Counts } from '../counters.ts'
import { errorText } from '../error-text.ts'
import { createHeldEffects } from './held-effects.ts'
import { laneOf } from './lanes.ts'
import { callsAtOnce, type Limits } from '../limits.ts'
import { everythingReady } from '../pause.ts'
import { RetryLater } from '../port-errors.ts'
import type { ClaimedEffect, Clock, Lease, Log, Outbox, Settlement } from '../ports.ts'
import { createSettle } from './settle.ts'
import { afterFailure, doneWith, isSuspect, released } from './settlement.ts'

// A4 Every committed effect is performed at least once, with the same id each time. Those of this
//    process are claimed in the write that commits them (`leaseNow`, `take`); whatever else is due,
//    retries and what a process left that has died, is claimed from the store. A claim that is not
//    settled ends by its deadline. What fails for good is parked, where a person sees it.
// A3 Only what is committed is taken or claimed, so nothing outside sees a decision before its
// commit.
// A9 An actor hears `effect.parked` of each effect that was given up, before it is parked.
//
// D1 One pump a process. D2 A nudge during a claim is seen before the pump sleeps: it sets
// `mustLook` again. D3 A place is free once its effect was performed; that the claim is settled,
// many in one round trip, is waited for only where too many settlements are under way. While our
// own work goes on, which ends soon, it waits for what that settles. D4 Calls to providers never
// hold more than three quarters of the places. D5 What is held is bounded: past `heldMax` entries
// are committed without a lease, and wait in the store.

export interface DeliveryOptions {
  readonly store: Outbox
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  readonly counts: Counts
  /**
   * Performs one and tells its results (`perform.ts`); answers what is to be kept of it, if
   * anything.
   */
  perform(claimed: ClaimedEffect, now: Instant): Promise<JsonObject | null>
  /** Whether its actor, as it stands now, still wants it; null for one whose actor is not asked. */
  isWanted(claimed: ClaimedEffect): Promise<boolean | null>
  /** Tells its actor what became of one that it does not want any more; does nothing of it. */
  withdraw(claimed: ClaimedEffect, now: Instant): Promise<JsonObject>
  /** Tells its actor that it was given up. */
  readonly tellParked: (claimed: ClaimedEffect, error: string, now: Instant) => Promise<void>
}

export function createDelivery(options: DeliveryOptions) {
  const { store, clock, log, limits } = options
  const { settle, flush } = createSettle(options)
  const held = createHeldEffects()
  const settling = new Set<Promise<void>>()
  let isStopped = false
  let mustLook = true
  let isAsked = false
  let wake = () => {}
  let pumping: Promise<number> | null = null

  async function one(claimed: ClaimedEffect): Promise<void> {
    const settlement = await outcomeOf(options, claimed)
    const end: Promise<void> = settle(claimed, settlement).finally(() => settling.delete(end))
    settling.add(end)
    if (settling.size > limits.entriesPerGroup) await end
  }

  /** From the store, for `free` places; what has no place is not claimed. */
  async function claimFor(free: number, calls: number): Promise<readonly ClaimedEffect[]> {
    const ofAny = Math.min(free, calls)
    mustLook = false
    const claimed = ofAny > 0 ? await store.claim(clock.now(), ofAny, limits.leaseMs) : []
    // Less than was asked for is all that there is.
    if (ofAny > 0 && claimed.length < ofAny) return claimed
    mustLook = true
    if (ofAny === free) return claimed
    return [
      ...claimed,
      ...(await store.claim(clock.now(), free - ofAny, limits.leaseMs, 'internal')),
    ]
  }

  /**
   * What has a place now: of what this process holds, and, where there may be any, of the store's.
   */
  async function next(free: number, calls: number): Promise<readonly ClaimedEffect[]> {
    const soon = plusMs(clock.now(), limits.leaseMs / 2)
    // A quarter of the places is kept for what the store has, so that neither starves the other.
    const share = mustLook && free > 1 ? Math.ceil(free / 4) : 0
    const { claims, dropped } = held.take({ free: free - share, calls }, soon)
    if (dropped) mustLook = true
    if (!mustLook) return claims
    const callsTaken = claims.filter(isCall).length
    return [...claims, ...(await claimFor(free - claims.length, calls - callsTaken))]
  }

  /**
   * Performs until nothing is held and nothing claimable; answers how many effects it performed.
   */
  async function pump(): Promise<number> {
    const running = new Set<Promise<void>>()
    let calls = 0
    let count = 0
    const rest = () => {
      // Where only providers are waited for, that may take long.
      if (running.size === calls) flush()
      return somethingNew()
    }
    while (!isStopped) {
      isAsked = false
      while (running.size >= limits.concurrency) await rest()
      const claimed = await next(limits.concurrency - running.size, callsAtOnce(limits) - calls)
      for (const effect of claimed) {
        const weight = isCall(effect) ? 1 : 0
        calls += weight
        const run: Promise<void> = one(effect).finally(() => {
          running.delete(run)
          calls -= weight
          wake()
        })
        running.add(run)
      }
      count += claimed.length
      if (claimed.length > 0 || askedAgain()) continue
      if (running.size > 0) await rest()
      else if (settling.size > 0) await Promise.race([settled(), somethingNew()])
      else break
    }
    await Promise.all(running)
    await settled()
    return count
  }

  /** Nothing runs beside what waits to be settled, so that nothing else will come along. */
  async function settled(): Promise<void> {
    flush()
    await Promise.all(settling)
  }

  function askedAgain(): boolean {
    return isAsked
  }

  /** Until an effect has ended or one was committed. */
  async function somethingNew(): Promise<void> {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
    // Effects whose claims ended in one round trip make room together, and are replaced together.
    await everythingReady()
  }

  async function pumpAlone(): Promise<number> {
    const run = pump()
    pumping = run
    try {
      return await run
    } finally {
      pumping = null
    }
  }

  function start(): void {
    isAsked = true
    wake()
    if (isStopped || pumping !== null) return
    pumpAlone().catch((error: unknown) => {
      // The recurring delivery job comes again.
      log.warn('delivery.interrupted', { error: errorText(error) })
    })
  }

  return {
    /**
     * Performs what is claimable now, and what follows from it. Answers how many effects that were.
     */
    async deliverDue(): Promise<number> {
      let count = 0
      mustLook = true
      while (pumping !== null) {
        isAsked = true
        wake()
        count += await pumping
      }
      return isStopped ? count : count + (await pumpAlone())
    },
    /** There may be something to claim from the store: returns at once. */
    nudge(): void {
      mustLook = true
      start()
    },
    /** The lease for what is appended next; null where this process holds enough. */
    leaseNow(): Lease | null {
      if (isStopped || held.size >= limits.heldMax) return null
      const now = clock.now()
      return { now, endsAt: plusMs(now, limits.leaseMs) }
    },
    /** Takes effects that were claimed with their commit: returns at once. */
    take(claims: readonly ClaimedEffect[]): void {
      held.add(claims)
      if (isStopped) giveBack()
      else start()
    },
    /**
     * Claims no more; resolves when what is running has ended and what was not begun is given back.
     */
    async stop(): Promise<void> {
      isStopped = true
      giveBack()
      wake()
      await pumping?.catch(() => 0)
      await settled()
    },
  }

  function giveBack(): void {
    for (const claimed of held.clear()) {
      const end: Promise<void> = settle(claimed, released(claimed, clock.now())).finally(() =>
        settling.delete(end),
      )
      settling.add(end)
    }
    flush()
  }
}

function isCall({ effect }: ClaimedEffect): boolean {
  return laneOf(effect) === 'external'
}

/** Performs one effect and says how its claim ends. */
async function outcomeOf(options: DeliveryOptions, claimed: ClaimedEffect): Promise<Settlement> {
  const { clock, limits } = options
  let keepsUp = false
  try {
    const wanted = await options.isWanted(claimed)
    // One that is not wanted is kept up, too, until it is known what its tries have left.
    keepsUp = wanted !== null
    if (isSuspect(claimed, limits)) throw suspicion(limits, keepsUp)
    if (wanted === false) return doneWith(claimed, await options.withdraw(claimed, clock.now()))
    return doneWith(claimed, await options.perform(claimed, clock.now()))
  } catch (error) {
    const failure = { claimed, error, now: clock.now(), keepsUp }
    const settlement = afterFailure(failure, limits)
    if (settlement.outcome !== 'parked') return settlement
    return parkedOrAgain(options, failure, settlement)
  }
}

/** What is wanted is tried again after the longest wait, whatever ended its last try. */
function suspicion({ tries, backOffMaxMs }: Limits, keepsUp: boolean): Error {
  const message = `not settled in ${tries} tries`
  return keepsUp ? new RetryLater(message, { afterMs: backOffMaxMs }) : new Error(message)
}

/** Its actor hears it first: a crash in between tells it again, under the same id. */
async function parkedOrAgain(
  { tellParked, limits, clock }: DeliveryOptions,
  failure: Parameters<typeof afterFailure>[0],
  settlement: Settlement & { outcome: 'parked' },
): Promise<Settlement> {
  try {
    await tellParked(failure.claimed, settlement.error, clock.now())
    return settlement
  } catch (error) {
    const again = afterFailure({ ...failure, error, keepsUp: true }, limits)
    return again.outcome === 'parked' ? settlement : again
  }
}
