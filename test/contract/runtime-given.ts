import type { Charts } from '../../actors/decision/chart.ts'
import { uncounted } from '../../actors/counters.ts'
import type { Envelope } from '../../actors/journal/envelope.ts'
import type { Entry } from '../../actors/journal/journal.ts'
import { defaultLimits, type Limits } from '../../actors/limits.ts'
import type { Performer, Result } from '../../actors/delivery/performer.ts'
import type { ClaimedEffect, Log, Store } from '../../actors/ports.ts'
import type { View } from '../../actors/projections.ts'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import type { TellOutcome } from '../../actors/tell-outcome.ts'
import { openFile } from '../../persistence/embedded/file.ts'
import { createEmbeddedStore } from '../../persistence/embedded/store.ts'
import type { ActorRef } from '../../values/ids.ts'
import { instant, plusMs, type Instant } from '../../values/instant.ts'
import { counterChart, CounterState } from './counter.ts'

// The words in which the runtime's promises are told.

export const start: Instant = '2026-01-01T00:00:00.000Z'

/** Limits without real waiting, so that a test of failures takes no time. */
export const quick: Limits = { ...defaultLimits, storePauseMs: 0 }

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

export interface HandClock {
  now(): Instant
  advance(ms: number): void
}

export function handClock(): HandClock {
  let now = start
  return {
    now: () => now,
    advance(ms) {
      now = plusMs(now, ms)
    },
  }
}

export function memoryStore(): Store {
  return createEmbeddedStore(openFile(':memory:'))
}

/** How the outside answers `remote` and `read`; every call is written down. */
export interface Outside extends Performer {
  readonly calls: ClaimedEffect[]
}

export function outside(
  answer: (claimed: ClaimedEffect) => readonly Result[] = answerPolitely,
): Outside {
  const calls: ClaimedEffect[] = []
  return {
    calls,
    provider: null,
    kinds: ['remote', 'read', 'charge'],
    perform(claimed) {
      calls.push(claimed)
      return new Promise((resolve) => {
        resolve(answer(claimed))
      })
    },
  }
}

export function answerPolitely({ effect }: ClaimedEffect): readonly Result[] {
  const { ask } = effect
  return typeof ask === 'string' ? [{ event: { type: 'remote.answered', answer: `${ask}!` } }] : []
}

export interface Setting {
  readonly store?: Store
  readonly charts?: Charts
  readonly clock?: HandClock
  readonly performers?: readonly Performer[]
  readonly limits?: Partial<Limits>
  readonly views?: readonly View[]
  readonly log?: Log
}

export const counters: Charts = { counter: counterChart() }

/**
 * A runtime over a store of its own, or over the one given: a second process of the same platform.
 */
export function runtimeOf(setting: Setting = {}): Runtime {
  return createRuntime({
    store: setting.store ?? memoryStore(),
    charts: setting.charts ?? counters,
    views: setting.views ?? [],
    performers: setting.performers ?? [outside()],
    clock: setting.clock ?? handClock(),
    log: setting.log ?? silent,
    limits: { ...quick, ...setting.limits },
    counts: uncounted,
  })
}

export interface Letter {
  readonly id: string
  readonly to?: ActorRef
  readonly at?: Instant
  readonly source?: Envelope['source']
}

/** An envelope for the counter `a`, unless it says otherwise. */
export function letter(event: Envelope['event'], { id, to, at, source }: Letter): Envelope {
  return {
    id,
    to: to ?? 'counter/a',
    event,
    source: source ?? 'api',
    occurredAt: at ?? start,
    receivedAt: at ?? start,
    causationId: null,
    correlationId: `c-${id}`,
    principal: 'key:test',
  }
}

export const add = (n: number, id: string, to: ActorRef = 'counter/a') =>
  letter({ type: 'add', n }, { id, to })

/** The entry that an envelope has become; fails the test if it became none. */
export function entryOf(told: TellOutcome): Entry {
  if ('entry' in told) return told.entry
  throw new Error(`no entry but ${JSON.stringify(told)}`)
}

export function stateOf(entry: Entry | null): CounterState {
  return CounterState.parse(entry?.snapshot.state)
}

export async function stateNow(runtime: Runtime, actor: ActorRef = 'counter/a') {
  return stateOf(await runtime.read(actor))
}

/** An actor's whole journal. */
export async function journalOf(store: Store, actor: ActorRef = 'counter/a'): Promise<Entry[]> {
  const page = await store.history(actor, { cursor: null, limit: 1_000 })
  return [...page.items]
}

/** The moment `ms` after the start. */
export const after = (ms: number): Instant => instant(Date.parse(start) + ms)
