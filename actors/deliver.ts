import { msOf, plusMs, type Instant } from '../values/instant.ts'
import { backOffMs } from './back-off.ts'
import { createGroup } from './batcher.ts'
import { errorText } from './commit.ts'
import type { Counts } from './counters.ts'
import { laneOf } from './lanes.ts'
import { callsAtOnce, type Limits } from './limits.ts'
import { everythingReady, pause } from './pause.ts'
import {
  RetryLater,
  StoreUnavailable,
  type ClaimedEffect,
  type Clock,
  type Log,
  type Settlement,
  type Store,
} from './ports.ts'
import { SnapshotTooNew } from './upgrade.ts'

// A4 Every committed effect is performed at least once, with the same id each time. It is claimed
//    from the store, whether it was committed a moment ago or by a process that has died since:
//    there is no second way. A claim that is not settled ends by its deadline. What fails for good
//    is parked, where a person sees it.
// A3 Only committed effects can be claimed, so nothing outside sees a decision before its commit.

export interface DeliveryOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  readonly counts: Counts
  /** Performs one and tells its results (`perform.ts`). */
  perform(claimed: ClaimedEffect, now: Instant): Promise<void>
}

export function createDelivery(options: DeliveryOptions) {
  const { store, clock, log, limits } = options
  const settle = createSettling(options)
  let isStopped = false
  let isAsked = false
  let wake = () => {}
  let pumping: Promise<number> | null = null

  async function one(claimed: ClaimedEffect): Promise<void> {
    await settle(claimed, await performed(options, claimed))
  }

  /**
   * Claims for `free` places. Providers' calls, of which `calls` are running, leave some places to our own
   * work, however many of them are due before it; what has no place is not claimed.
   */
  async function claimFor(free: number, calls: number): Promise<readonly ClaimedEffect[]> {
    const ofAny = Math.min(free, callsAtOnce(limits) - calls)
    const claimed = ofAny > 0 ? await store.claim(clock.now(), ofAny, limits.leaseMs) : []
    if (ofAny === free || claimed.length < ofAny) return claimed
    const own = await store.claim(clock.now(), free - ofAny, limits.leaseMs, 'own')
    return [...claimed, ...own]
  }

  /** Claims and performs until nothing is claimable; answers how many effects it performed. */
  async function pump(): Promise<number> {
    const running = new Set<Promise<void>>()
    let calls = 0
    let count = 0
    while (!isStopped) {
      isAsked = false
      while (running.size >= limits.concurrency) await somethingNew()
      const claimed = await claimFor(limits.concurrency - running.size, calls)
      for (const effect of claimed) {
        const weight = laneOf(effect.effect) === 'provider' ? 1 : 0
        calls += weight
        const run: Promise<void> = one(effect).finally(() => {
          running.delete(run)
          calls -= weight
          wake()
        })
        running.add(run)
      }
      count += claimed.length
      if (claimed.length === 0 && running.size === 0 && !askedAgain()) break
      if (claimed.length === 0 && !askedAgain()) await somethingNew()
    }
    await Promise.all(running)
    return count
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

  return {
    /**
     * Performs what is claimable now, and what follows from it. Answers how many effects that were.
     */
    async deliverDue(): Promise<number> {
      let count = 0
      while (pumping !== null) {
        isAsked = true
        wake()
        count += await pumping
      }
      return isStopped ? count : count + (await pumpAlone())
    },
    /** There is something to claim: returns at once. */
    nudge(): void {
      isAsked = true
      wake()
      if (isStopped || pumping !== null) return
      pumpAlone().catch((error: unknown) => {
        // The recurring delivery job comes again.
        log.warn('delivery.interrupted', { error: errorText(error) })
      })
    },
    /** Claims no more; resolves when what is running has ended. */
    async stop(): Promise<void> {
      isStopped = true
      wake()
      await pumping?.catch(() => 0)
    },
  }
}

/** Performs one effect and says how its claim ends. */
async function performed(options: DeliveryOptions, claimed: ClaimedEffect): Promise<Settlement> {
  const { clock, limits } = options
  const { id } = claimed.effect
  // Each of these tries ended without a word: it may be what kills the process.
  if (claimed.tries >= limits.tries) {
    return { id, outcome: 'parked', at: clock.now(), error: `not settled in ${limits.tries} tries` }
  }
  try {
    await options.perform(claimed, clock.now())
    return { id, outcome: 'done' }
  } catch (error) {
    const later = asRetry(error)
    if (later === null) return { id, outcome: 'parked', at: clock.now(), error: errorText(error) }
    return retried(claimed, later, options)
  }
}

/**
 * Our own store's silence, and a state that only a newer process can read, are nothing of the
 * effect's.
 */
function asRetry(error: unknown): RetryLater | null {
  if (error instanceof RetryLater) return error
  if (error instanceof StoreUnavailable || error instanceof SnapshotTooNew) {
    return new RetryLater(error.message, { counts: false, cause: error })
  }
  return null
}

function retried(
  claimed: ClaimedEffect,
  later: RetryLater,
  { clock, limits }: DeliveryOptions,
): Settlement {
  const { id } = claimed.effect
  const now = clock.now()
  const waited = later.begun ? Math.max(claimed.tries, 1) : claimed.tries
  const tries = later.counts ? claimed.tries + 1 : waited
  if (later.counts && tries >= limits.tries) {
    return { id, outcome: 'parked', at: now, error: `${tries} tries: ${errorText(later)}` }
  }
  const wait = later.counts ? backOffMs(id, tries, limits) : waitFor(claimed, now, limits)
  return {
    id,
    outcome: 'retry',
    at: plusMs(now, later.counts ? Math.max(later.afterMs ?? 0, wait) : (later.afterMs ?? wait)),
    error: errorText(later),
    tries,
    attempt: later.newAttempt ? claimed.attempt + 1 : claimed.attempt,
    firstTriedAt: later.newAttempt ? null : claimed.firstTriedAt,
  }
}

/** A quarter of the time that was waited already: often at first, seldom for what takes days. */
function waitFor({ firstTriedAt }: ClaimedEffect, now: Instant, limits: Limits): number {
  const waitedMs = msOf(now) - msOf(firstTriedAt)
  return Math.min(Math.max(limits.waitMs, Math.floor(waitedMs / 4)), limits.waitMaxMs)
}

/**
 * Ends claims, many in one round trip. A claim that cannot be ended ends by its deadline, and is
 * performed again.
 */
function createSettling({ store, log, limits, counts }: DeliveryOptions) {
  const put = createGroup<Settlement, true>({
    max: limits.entriesPerGroup,
    weightOf: () => 1,
    run: async (settlements) => {
      await store.settle(settlements)
      return settlements.map(() => true)
    },
  })

  return async function settle(claimed: ClaimedEffect, settlement: Settlement): Promise<void> {
    for (let round = 1; ; round += 1) {
      try {
        await put(settlement)
        break
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || round >= limits.decisionsPerCommit) {
          log.warn('effect.unsettled', { effect: settlement.id, error: errorText(error) })
          return
        }
        await pause(limits.storePauseMs * round)
      }
    }
    const { kind } = claimed.effect
    const fields = {
      effect: settlement.id,
      kind,
      tries: claimed.tries + 1,
      correlationId: claimed.correlationId,
    }
    counts.delivered(kind, settlement.outcome)
    switch (settlement.outcome) {
      case 'done':
        log.info('effect.performed', fields)
        break
      case 'retry':
        log.info('effect.retried', { ...fields, at: settlement.at, error: settlement.error })
        break
      case 'parked':
        counts.parked('effect')
        log.error('effect.parked', { ...fields, error: settlement.error })
        break
    }
  }
}
