import { typeOf } from '../values/ids.ts'
import { stateText } from '../values/json.ts'
import type { Charts } from './decision/chart.ts'
import { createCommitter } from './mailbox/commit.ts'
import type { Counts } from './counters.ts'
import { createDecider } from './decision/decide.ts'
import { createDelivery } from './delivery/deliver.ts'
import type { Envelope } from './journal/envelope.ts'
import { errorText } from './error-text.ts'
import { createHeads } from './mailbox/head-cache.ts'
import { createHistory } from './history.ts'
import type { Entry } from './journal/journal.ts'
import type { Limits } from './limits.ts'
import { createMailbox } from './mailbox/mailbox.ts'
import { createPerforming } from './delivery/perform.ts'
import type { Performer } from './delivery/performer.ts'
import type { ClaimedEffect, Clock, Lease, Log, Store } from './ports.ts'
import { projector, type View } from './projections.ts'
import { chartStateOf } from './decision/read-snapshot.ts'
import { createRetrying, type RetryOutcome } from './delivery/retry-parked.ts'
import type { TellOutcome } from './tell-outcome.ts'
import { createTimers } from './timers.ts'

export interface RuntimeOptions {
  readonly store: Store
  readonly charts: Charts
  readonly views: readonly View[]
  readonly performers: readonly Performer[]
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  readonly counts: Counts
}

/** `tell` after `stop`. */
export class RuntimeStopped extends Error {
  override readonly name = 'RuntimeStopped'
  readonly code = 'runtime_stopped'
}

export type Runtime = ReturnType<typeof createRuntime>

/** The durable runtime: every door ends in `tell`, and nothing else changes an actor. */
export function createRuntime(options: RuntimeOptions) {
  const { store, charts, clock, log, limits, counts } = options
  const decider = createDecider(charts, limits.effectsPerEntry)
  const rowsOf = projector(options.views, (entry) => decider.read(entry))
  const heads = createHeads(limits.headsCached)
  const listeners = new Set<(entry: Entry) => void>()
  let isStopped = false

  const drain = createCommitter({
    ...options,
    decider,
    rowsOf,
    heads,
    published,
    leaseNow: () => delivery.leaseNow(),
    stuck: (id, error) => log.error('actor.parked', { parked: id, error: errorText(error) }),
  })
  const mailbox = createMailbox({ limits, drain })
  const performer = createPerforming({ ...options, tell: (envelope) => mailbox.tell(envelope) })
  let performing = 0
  const delivery = createDelivery({
    ...options,
    ...performer,
    isWanted,
    async perform(claimed, now) {
      performing += 1
      try {
        return await performer.perform(claimed, now)
      } finally {
        performing -= 1
      }
    },
  })
  const timers = createTimers({ ...options, decider, tell })
  const retrying = createRetrying({
    store,
    clock,
    log,
    retry: (envelope, by) => mailbox.retry(envelope, by),
    nudge: () => delivery.nudge(),
  })

  function tell(envelope: Envelope): Promise<TellOutcome> {
    if (!isStopped) return mailbox.tell(envelope)
    return Promise.reject(new RuntimeStopped('this process is stopping: tell it another one'))
  }

  async function isWanted({ actor, effect }: ClaimedEffect): Promise<boolean | null> {
    const ask = charts[typeOf(actor)]?.wanted?.[effect.kind]
    if (ask === undefined) return null
    const entry = await store.head(actor)
    return entry !== null && ask(chartStateOf(decider.read(entry)), effect)
  }

  function published(entry: Entry, before: Entry | null, lease: Lease | null): void {
    counts.decided(typeOf(entry.actor), entry.envelope.event.type)
    log.info('actor.decided', decidedFields(entry, before))
    if (lease !== null) delivery.take(claimsOf(entry, lease))
    else if (entry.effects.length > 0) delivery.nudge()
    for (const listener of listeners) {
      try {
        listener(entry)
      } catch (error) {
        log.error('listener.failed', {
          actor: entry.actor,
          seq: entry.seq,
          error: errorText(error),
        })
      }
    }
  }

  /** No wait of ours is so long: what is due later was written by a clock that was wrong. */
  async function bringForward(): Promise<number> {
    const count = await store.bringForward(clock.now(), limits.aheadMaxMs)
    if (count > 0) log.warn('effects.brought_forward', { count })
    return count
  }

  return {
    ...createHistory({ store, decider }),
    /**
     * Tells an actor of an event. Resolves when what became of it is durable. Rejects with
     * StoreUnavailable if that is not known: telling it again, here or elsewhere, is safe. Rejects
     * with RuntimeStopped after `stop`.
     */
    tell,
    /**
     * Fires the timers that are due by the clock (see `timers.ts`). Answers how many were taken.
     */
    fireDueTimers: (): Promise<number> => timers.fireDueTimers(),
    /** Performs the effects that are due, whoever committed them. Answers how many. */
    deliverDue: (): Promise<number> => delivery.deliverDue(),
    /** How much is in each queue of this process now. */
    depths: {
      actors: () => mailbox.actors(),
      envelopes: () => mailbox.envelopes(),
      effects: () => performing,
    },
    /** Tries again what is parked. `by` is who asks, for the log. */
    retryParked: (id: string, by: string): Promise<RetryOutcome> => retrying(id, by),
    /**
     * Calls `listener` with every entry that this process commits, after its commit and in order
     * per actor. It may miss the entries of other processes, and one whose commit went unanswered:
     * what must miss none is a view.
     */
    subscribe(listener: (entry: Entry) => void): () => void {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    /**
     * Resolves when nothing waits, nothing is being decided, and no effect is claimable at this
     * moment.
     */
    async idle(): Promise<void> {
      do await mailbox.idle()
      while ((await delivery.deliverDue()) > 0 || !mailbox.isIdle())
    },
    /**
     * Refuses to start (UnknownTimers) if an armed timer would go unheard; else delivers what a
     * crash left.
     */
    async start(): Promise<void> {
      await timers.checkTimers()
      await store.heal(rowsOf)
      await bringForward()
      delivery.nudge()
    },
    /** Takes no more, finishes what runs. Effects that are not done stay for the next process. */
    async stop(): Promise<void> {
      isStopped = true
      await mailbox.idle()
      await delivery.stop()
      await mailbox.idle()
    },
    /**
     * Applies what a crash left between an entry and its view rows, and undoes what a wrong clock
     * has put off.
     */
    heal: async (): Promise<number> => (await store.heal(rowsOf)) + (await bringForward()),
    /** Drops every view and rebuilds it from the journal. Reports actors done. */
    rebuild: (progress: (actorsDone: number) => void): Promise<void> =>
      store.rebuild(rowsOf, progress),
  }
}

/** The effects of an entry, as they were claimed in the write that committed it. */
function claimsOf(entry: Entry, { now, endsAt }: Lease): readonly ClaimedEffect[] {
  const { actor, seq, envelope, effects } = entry
  const { correlationId, occurredAt } = envelope
  return effects.map((effect) => ({
    actor,
    seq,
    effect,
    correlationId,
    occurredAt,
    tries: 0,
    attempt: 1,
    firstTriedAt: now,
    leaseEndsAt: endsAt,
  }))
}

function decidedFields(entry: Entry, before: Entry | null) {
  return {
    actor: entry.actor,
    seq: entry.seq,
    told: entry.envelope.event.type,
    from: before === null ? '' : stateText(before.snapshot.state['value']),
    to: stateText(entry.snapshot.state['value']),
    effects: entry.effects.map(({ kind }) => kind),
    correlationId: entry.envelope.correlationId,
  }
}
