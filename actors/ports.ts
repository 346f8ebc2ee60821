import type { ActorRef, EffectId } from '../values/ids.ts'
import type { Instant } from '../values/instant.ts'
import type { JsonObject } from '../values/json.ts'
import type { Retries } from './delivery/retries.ts'
import type { Envelope } from './journal/envelope.ts'
import type { ArmedTimer, Commit, Effect, Entry, ViewRow } from './journal/journal.ts'

// The ports: all that the runtime asks of the world. Adapters implement them; `app/` picks the
// adapters.

/** One page of a list; `cursor` asks for the next one and is null on the last. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly cursor: string | null
}

export interface PageRequest {
  /** From a former page, or null for the first. Anything else is refused with `BadCursor`. */
  readonly cursor: string | null
  /** From 1 to 1,000. */
  readonly limit: number
}

export type AppendOutcome =
  | { readonly outcome: 'committed' }
  /**
   * Another entry has this `(actor, seq)`, or an entry before it is missing: reload and decide
   * again.
   */
  | { readonly outcome: 'conflict' }
  /** This actor has taken this envelope id already, at `seq`. */
  | { readonly outcome: 'duplicate'; readonly seq: number }

/** The right of this process to perform the effects of what it appends, until `endsAt`. */
export interface Lease {
  readonly now: Instant
  readonly endsAt: Instant
}

/** An effect that this process may perform until `leaseEndsAt`. */
export interface ClaimedEffect {
  readonly actor: ActorRef
  readonly seq: number
  readonly effect: Effect
  readonly correlationId: string
  /** When the event happened that asked for it: its entry's `envelope.occurredAt`. */
  readonly occurredAt: Instant
  /**
   * How often it was claimed before, as `settle` last left it; 0 the first time. `claim` raises it
   * durably.
   */
  readonly tries: number
  /**
   * Part of a provider's idempotency key. Raised only when the attempt before is known to have done
   * nothing.
   */
  readonly attempt: number
  /**
   * When the current attempt was first claimed, from which a provider's idempotency window counts.
   * `claim` writes it (as its `now`, where there is none yet) before it answers, so that no crash
   * can lose it.
   */
  readonly firstTriedAt: Instant
  readonly leaseEndsAt: Instant
  /** Absent if it never was, as everywhere. */
  readonly retried?: Retries
}

export type Settlement =
  | {
      readonly id: EffectId
      readonly outcome: 'done'
      /** What became of it, for people and for `effectsOf`; kept with the entry. */
      readonly result?: JsonObject
    }
  | {
      readonly id: EffectId
      readonly outcome: 'retry'
      readonly at: Instant
      readonly error: string
      /** What the next claim answers as its `tries` and `attempt`. */
      readonly tries: number
      readonly attempt: number
      /** Null with a new attempt: the next claim writes its own. */
      readonly firstTriedAt: Instant | null
    }
  | {
      readonly id: EffectId
      readonly outcome: 'parked'
      readonly at: Instant
      readonly error: string
    }

/** How one effect of an entry stands. */
export interface EffectStanding {
  readonly id: EffectId
  readonly standing: 'open' | 'parked' | 'done'
  /** Of one that is done, and said something. */
  readonly result: JsonObject | null
  /** Of one that is open or parked: why its last try failed. */
  readonly lastError: string | null
  /** Of one that is open: when it may be claimed. */
  readonly dueAt: Instant | null
  readonly retried?: Retries
}

/** What failed for good and waits for a person: an effect, or an envelope whose decision threw. */
export interface ParkedItem {
  /** The effect's id, or `<actor>!<envelope id>`. */
  readonly id: string
  readonly kind: 'effect' | 'envelope'
  readonly actor: ActorRef
  readonly error: string
  readonly parkedAt: Instant
  readonly effect: Effect | null
  readonly envelope: Envelope | null
  readonly retried?: Retries
}

export interface DueTimer extends ArmedTimer {
  readonly actor: ActorRef
}

export type KeyedRequest =
  /** The key is ours now: do the work, then call `finishRequest`. */
  | { readonly outcome: 'begun' }
  | { readonly outcome: 'running' }
  | { readonly outcome: 'other_body' }
  | { readonly outcome: 'answered'; readonly answer: JsonObject }

/** How an actor stands: its newest entry, and the id of its oldest parked envelope. */
export interface ActorStanding {
  readonly head: Entry | null
  readonly parked: string | null
}

/** The event store: one stream of entries an actor, each with its expected version, `seq`. */
export interface Journal {
  /**
   * Writes commits; the answer has one outcome per commit, in order, and each stands or falls alone
   * (P5), but for those of one actor: these come in the order of their seq, and after one that is
   * not committed the later ones of that actor answer `conflict`. An entry is committed only if
   * `seq - 1` is there, and of an actor with a parked envelope only that one is (A8): any other
   * answers `conflict`. When it resolves, what was committed survives a crash (P4) and its view
   * rows and timers are readable.
   *
   * With a lease the effects of what was committed are claimed by this store in the same write, as
   * `claim` would: the caller knows them, performs and settles them. Without one, `claim` finds
   * them.
   */
  append(commits: readonly Commit[], lease?: Lease | null): Promise<readonly AppendOutcome[]>
  /** The newest seq of each of these actors that exists. One round trip for all. */
  newestSeqs(actors: readonly ActorRef[]): Promise<ReadonlyMap<ActorRef, number>>
  /** How each of these actors stands, also one that has no entry yet: in as few reads as can be. */
  standings(actors: readonly ActorRef[]): Promise<ReadonlyMap<ActorRef, ActorStanding>>
  /** The actor's newest entry, or null if there is none. */
  head(actor: ActorRef): Promise<Entry | null>
  entry(actor: ActorRef, seq: number): Promise<Entry | null>
  /** The newest entry committed at or before `at`: one index look-up, no replay. */
  entryAt(actor: ActorRef, at: Instant): Promise<Entry | null>
  /** For each of these envelope ids that the actor has taken, its seq. */
  seqsOf(actor: ActorRef, envelopeIds: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** The actor's entries from the first, in order of seq. */
  history(actor: ActorRef, page: PageRequest): Promise<Page<Entry>>
  /** All actors, or those of one type (whose id begins so), in the order of their refs. */
  actors(type: string | null, page: PageRequest, idPrefix?: string): Promise<Page<ActorRef>>
  /**
   * Forgets up to `limit` actors of this type, oldest first, whose newest entry was committed
   * before `before` and whose effects are all done: their entries, with all that follows from them.
   * Returns how many.
   */
  forget(type: string, before: Instant, limit: number): Promise<number>
}

/**
 * The transactional outbox: effects stand in the entry that asked for them, until they are done
 * (P6, P7).
 */
export interface Outbox {
  /**
   * Claims up to `limit` effects that are durable, not done, not parked, due at `now` and not held
   * by a live claim; oldest due first. A claim ends when it is settled or when `leaseMs` have
   * passed. With `internal`, only effects of that lane (`lanes.ts`), at a cost that what waits in
   * the other does not raise.
   */
  claim(
    now: Instant,
    limit: number,
    leaseMs: number,
    lane?: 'internal',
  ): Promise<readonly ClaimedEffect[]>
  /** Ends claims. Settling what is done already, or is not known, changes nothing. */
  settle(settlements: readonly Settlement[]): Promise<void>
  /**
   * Makes due at `now` what is due over `aheadMs` later: a clock was wrong that wrote it. Answers
   * how many.
   */
  bringForward(now: Instant, aheadMs: number): Promise<number>
  /** The earliest moment at which `claim` may find something; null if nothing is open. */
  nextClaimAt(): Promise<Instant | null>
  /** How the effects of an entry stand, in their order; empty if there is no such entry. */
  effectsOf(actor: ActorRef, seq: number): Promise<readonly EffectStanding[]>
}

/** The dead letters: what failed for good and waits for a person. */
export interface DeadLetters {
  /** Parking an id again replaces what is there, which keeps its place in the order. */
  park(item: ParkedItem): Promise<void>
  parked(page: PageRequest): Promise<Page<ParkedItem>>
  parkedItem(id: string): Promise<ParkedItem | null>
  /**
   * The oldest parked envelope of this actor, or null: while there is one, the actor takes nothing
   * else.
   */
  parkedEnvelope(actor: ActorRef): Promise<ParkedItem | null>
  /**
   * Of these actors, those with a parked envelope, each with the id of its oldest. One round trip
   * for all.
   */
  parkedAmong(actors: readonly ActorRef[]): Promise<ReadonlyMap<ActorRef, string>>
  /**
   * Makes a parked effect claimable at `at`, with its tries at 1, for it may have been done, and
   * keeps who asked in its `retried`; removes a parked envelope. False if unknown.
   */
  unpark(id: string, at: Instant, by: string): Promise<boolean>
}

/** The index of what the newest snapshots have armed. */
export interface TimerIndex {
  /** Timers of newest snapshots that are due at `now`, earliest first. */
  dueTimers(now: Instant, limit: number): Promise<readonly DueTimer[]>
  nextTimerAt(): Promise<Instant | null>
  /** Every timer name that is armed now. */
  armedTimerNames(): Promise<readonly string[]>
}

/** The read models, and how they are rebuilt from the journal (P8, P9). */
export interface Views {
  viewRow(view: string, key: string): Promise<JsonObject | null>
  /** Rows whose key begins with `prefix`, in the order of their keys. */
  viewRows(
    view: string,
    prefix: string,
    page: PageRequest,
  ): Promise<Page<{ key: string; value: JsonObject }>>
  /**
   * Drops every view row and timer, and rebuilds them from the journal with `project` (P9). Reports
   * actors done.
   */
  rebuild(
    project: (entry: Entry) => readonly ViewRow[],
    progress: (actorsDone: number) => void,
  ): Promise<void>
  /**
   * Applies what a crash left between an entry and its rows, if the adapter has such a gap. Returns
   * how many.
   */
  heal(project: (entry: Entry) => readonly ViewRow[]): Promise<number>
}

/** HTTP requests with an idempotency key. */
export interface RequestKeys {
  /**
   * Begins, or tells what became of, the request `key` with this body; a run that began over
   * `leaseMs` ago may begin again.
   */
  beginRequest(key: string, bodyHash: string, now: Instant, leaseMs: number): Promise<KeyedRequest>
  finishRequest(key: string, answer: JsonObject): Promise<void>
  /** Forgets a request that did nothing, so that the same key may try again. */
  forgetRequest(key: string): Promise<void>
  /** Removes finished requests that began before `before`. */
  expireRequests(before: Instant): Promise<void>
}

/**
 * The journal and what follows from it. Promises P1 to P9 of docs/architecture.md hold for every
 * adapter; `test/contract/store.ts` defends them. Whoever needs a part of it names that part.
 *
 * Every method may reject with `StoreUnavailable` (then nothing is known of the write) or
 * `StoreClosed`.
 */
export interface Store extends Journal, Outbox, DeadLetters, TimerIndex, Views, RequestKeys {
  /** Resolves if the store can write now; rejects with why not. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** Tells the time. Nothing else in the project reads it. */
export interface Clock {
  now(): Instant
}

export interface Log {
  debug(event: string, fields?: JsonObject): void
  info(event: string, fields?: JsonObject): void
  warn(event: string, fields?: JsonObject): void
  error(event: string, fields?: JsonObject): void
}
