import { randomUUID } from 'node:crypto'
import type { Stripe } from 'stripe'
import { z } from 'zod'
import type { Envelope } from '../../actors/journal/envelope.ts'
import type { Clock, Journal, Log, Views } from '../../actors/ports.ts'
import type { Runtime } from '../../actors/runtime.ts'
import type { Catalog } from '../../machines/catalog/catalog.ts'
import { ReconciliationContext } from '../../machines/reconciliation/state.ts'
import type { ActorRef } from '../../values/ids.ts'
import { type Instant, msPerHour } from '../../values/instant.ts'
import { createReconciler } from '../event-walk.ts'
import type { Tell } from './compare.ts'
import { listEventsSince } from './events.ts'
import type { ReadBudget } from './read-budget.ts'
import type { StripeReceiver } from './receive.ts'
import type { Links } from './resolve.ts'
import { createResolver } from './resolve.ts'
import { createSweep } from './sweep.ts'

export interface ReconciliationOptions {
  readonly runtime: Pick<Runtime, 'tell' | 'read'>
  readonly store: Pick<Journal, 'head' | 'newestSeqs'> & Pick<Views, 'viewRows'>
  readonly stripe: Stripe
  readonly receiver: Pick<StripeReceiver, 'receiveTrusted'>
  readonly catalog: Catalog
  /** The time at Stripe: the sandbox's where it is simulated. */
  readonly clock: Clock
  readonly log: Log
  /** From a provider's id to our actor; may lag. */
  readonly links: Links
  /** Shared with the performer: a sweep takes what it leaves. */
  readonly reads: ReadBudget
  readonly limits?: Partial<ReconciliationLimits>
}

export interface ReconciliationLimits {
  /** How far each walk through the events reaches back behind the one before, in milliseconds. */
  readonly overlapMs: number
  /** Pages of a hundred events in one run. */
  readonly eventPagesMax: number
  /** Pages of a hundred objects in one run. */
  readonly sweepPagesMax: number
  /** Runs of a long sweep between two walks through the events. */
  readonly partsPerWalk: number
}

export const defaultReconciliationLimits: ReconciliationLimits = {
  // Events are listed late, by minutes at worst, and clocks differ by seconds.
  overlapMs: msPerHour,
  // A run is one turn of a job that others wait for: some seconds.
  eventPagesMax: 10,
  sweepPagesMax: 10,
  // Each walk reads an hour again: twenty thousand objects are compared for each.
  partsPerWalk: 20,
}

/** The actor that remembers how far we have come, and what was found. */
export const reconciliationRef: ActorRef<'reconciliation'> = 'reconciliation/stripe'

export interface Reconciliation {
  /** Does a bounded part of what is to be done; call again while not `done`. */
  run(): Promise<{ readonly done: boolean }>
}

/**
 * Finds what webhooks missed: first by Stripe's list of events, which the webhooks' own door takes
 * again; then, where events are lost, a day has passed or an operator asks, by comparing Stripe's
 * objects with what we know. All that it remembers is in one actor, so that processes share it, and
 * a crash costs one part.
 */
export function createReconciliation(options: ReconciliationOptions): Reconciliation {
  const { runtime, stripe, clock, log, links, reads } = options
  const limits = { ...defaultReconciliationLimits, ...options.limits }
  const tellSelf = (event: Envelope['event'], id: string) =>
    tellOrThrow(runtime, envelopeFor({ id, to: reconciliationRef, event, at: clock.now() }))
  const walkEvents = createReconciler({
    ...eventsOf(options),
    overlapMs: limits.overlapMs,
    pagesMax: limits.eventPagesMax,
    loadCursor: async () => (await remembered(runtime)).context?.cursor ?? null,
    async saveCursor(cursor) {
      if (cursor === (await remembered(runtime)).context?.cursor) return
      await tellSelf({ type: 'cursor.moved', cursor }, randomUUID())
    },
    async gapFound(lostSince) {
      await tellSelf({ type: 'gap.found', lostSince }, `gap:${lostSince}`)
    },
  })
  const sweepPart = createSweep({
    ...options,
    resolver: createResolver({ stripe, links, reads }),
    head: (actor) => runtime.read(actor),
    pagesMax: limits.sweepPagesMax,
  })
  let hasWaited = false
  let partsLeft = 0

  async function sweepOn(): Promise<{ done: boolean }> {
    const { isSweeping, context } = await remembered(runtime)
    if (!isSweeping || !context?.sweep) return { done: true }
    const { number, reason, position: from } = context.sweep
    const thorough = reason === 'gap' || reason === 'asked'
    const swept = await sweepPart({ from, thorough })
    for (const tell of swept.tells) await tellOwner(tell, number)
    const { position, objects, driftCount } = swept
    log.info('reconcile.swept', { sweep: number, from, position, objects, driftCount })
    if (swept.isCutShort && position === from) return { done: true }
    const found = { sweep: number, from, objects, driftCount, drift: [...swept.drift] }
    if (position === null) await tellSelf({ type: 'sweep.finished', ...found }, randomUUID())
    else await tellSelf({ type: 'sweep.advanced', ...found, position }, randomUUID())
    return { done: position === null || swept.isCutShort }
  }

  /** A part that is walked again tells nobody twice. */
  async function tellOwner({ objectId, to, event, occurredAt }: Tell, sweep: number) {
    const id = `${reconciliationRef}~${sweep}~${objectId}`.slice(0, 300)
    await tellOrThrow(runtime, envelopeFor({ id, to, event, at: clock.now(), occurredAt }), log)
  }

  return {
    async run() {
      const left = partsLeft
      partsLeft = 0
      if (left === 0) {
        const { done, missed } = await walkEvents()
        if (!done) return { done: false }
        // What the list has just brought is still being applied, and would count as drift.
        hasWaited = missed > 0 && !hasWaited
        if (hasWaited) return { done: true }
      }
      const swept = await sweepOn()
      if (!swept.done) partsLeft = left === 0 ? limits.partsPerWalk : left - 1
      return swept
    },
  }
}

/**
 * The list of events, and the webhooks' door for each that is new. Most are known: the store is
 * asked once for a page of them.
 */
function eventsOf({ runtime, store, stripe, receiver, clock, log }: ReconciliationOptions) {
  let known: ReadonlySet<string> = new Set()

  function receive(event: unknown) {
    return receiver.receiveTrusted(event, { now: clock.now(), correlationId: randomUUID() })
  }

  /** Those of the page that have an actor already, which took them. */
  async function knownOf(events: readonly { event: unknown; raw: string }[]) {
    const actors = events.flatMap(({ event, raw }) => {
      const received = receive(event)
      return received.outcome === 'refused' ? [] : [[raw, received.envelope.to] as const]
    })
    const seqs = await store.newestSeqs(actors.map(([, actor]) => actor))
    return new Set(actors.flatMap(([raw, actor]) => (seqs.has(actor) ? [raw] : [])))
  }

  return {
    clock,
    log,
    async listEventsSince(since: Instant, cursor: string | null) {
      const { items, cursor: next } = await listEventsSince(stripe, since, { cursor, limit: 100 })
      const listed = items.map((event) => ({ event, raw: JSON.stringify(event) }))
      known = await knownOf(listed)
      // The page begins with the newest; told in their order, they ask for fewer reads.
      const events = listed.map(({ event, raw }) => ({ id: idIn(event), raw })).toReversed()
      return { events, next }
    },
    async ingest(raw: string) {
      if (known.has(raw)) return { isNew: false }
      const json: unknown = JSON.parse(raw)
      const received = receive(json)
      if (received.outcome === 'refused') {
        log.warn('reconcile.event_unreadable', { eventId: idIn(json), code: received.code })
        return { isNew: false }
      }
      return { isNew: await tellOrThrow(runtime, received.envelope, log) }
    },
  }
}

async function remembered(runtime: Pick<Runtime, 'read'>) {
  const entry = await runtime.read(reconciliationRef)
  if (entry === null) return { isSweeping: false, context: null }
  const { context, value } = entry.snapshot.state
  return { isSweeping: value === 'sweeping', context: ReconciliationContext.parse(context) }
}

const HasId = z.object({ id: z.string() })

function idIn(event: unknown): string {
  const parsed = HasId.safeParse(event)
  return parsed.success ? parsed.data.id : ''
}

interface TellInput {
  readonly id: string
  readonly to: ActorRef
  readonly event: Envelope['event']
  readonly at: Instant
  readonly occurredAt?: Instant | null
}

function envelopeFor({ id, to, event, at, occurredAt }: TellInput): Envelope {
  return {
    id,
    to,
    event,
    source: 'system',
    occurredAt: occurredAt ?? at,
    receivedAt: at,
    causationId: null,
    correlationId: `reconciliation:${id}`,
    principal: 'system',
  }
}

/** An actor of ours that took no more: nothing was lost, and the next run tells it again. */
export class ReconciliationHeldUp extends Error {
  override readonly name = 'ReconciliationHeldUp'
  readonly code = 'reconciliation_held_up'
}

/**
 * True if it was not known before. Where a `log` is given, an actor that waits for a person does
 * not hold up the others: the next sweep tells it what it misses.
 */
async function tellOrThrow(
  runtime: Pick<Runtime, 'tell'>,
  envelope: Envelope,
  log?: Log,
): Promise<boolean> {
  const told = await runtime.tell(envelope)
  switch (told.outcome) {
    case 'committed':
      return true
    case 'duplicate':
    case 'unchanged':
      return false
    case 'busy':
      throw new ReconciliationHeldUp(`${envelope.to} is busy: it is told again at the next run`)
    case 'refused':
    case 'parked':
      if (log === undefined) throw new ReconciliationHeldUp(`${envelope.to} is ${told.outcome}`)
      log.warn('reconcile.not_taken', { actor: envelope.to, outcome: told.outcome })
      return false
  }
}
