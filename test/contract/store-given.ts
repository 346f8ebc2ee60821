import { commitOf, type Projected } from '../../actors/journal/commit-of.ts'
import type { ArmedTimer, Commit, Effect, ViewRow } from '../../actors/journal/journal.ts'
import type { AppendOutcome, Lease, Page, PageRequest, Store } from '../../actors/ports.ts'
import type { StoreLocation } from '../../persistence/open.ts'
import { type ActorRef, effectId } from '../../values/ids.ts'
import { type Instant, instant } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'

// The words in which the store's promises are told.

/** A place in which one store lives, with nothing in it at first. */
export interface Place {
  readonly store: TrackingStore
  /** The store as another process sees it; where only one may own it, the same one. */
  peer(): Promise<TrackingStore>
  /** Closes everything and opens it again, as after an orderly stop. */
  reopen(): Promise<TrackingStore>
  /**
   * True if opening frees what was claimed before: the process that claimed it is known to be gone.
   */
  readonly freesHeld: boolean
  /** What a child process opens; the embedded file must be closed first. */
  readonly location: StoreLocation
  /**
   * Writes the entry and nothing that follows from it, as a crash may; null where that cannot
   * happen.
   */
  readonly half: ((projected: Projected) => Promise<void>) | null
  remove(): Promise<void>
}

/** A store that takes entries with all of their rows, too, as tests write them. */
export interface TrackingStore extends Store {
  append(
    commits: readonly (Commit | Projected)[],
    lease?: Lease | null,
  ): Promise<readonly AppendOutcome[]>
}

/** What was appended last for each actor, by all stores of one place. */
export type Heads = Map<ActorRef, Projected>

/** Makes commits of entries with rows, as the runtime does beside the entry that it knows. */
export function tracking(store: Store, tracked: Heads): TrackingStore {
  return {
    ...store,
    async append(commits, lease) {
      const before = new Map(tracked)
      const made = commits.map((one) => {
        if ('change' in one) return { commit: one, projected: null }
        const known = before.get(one.entry.actor)
        const follows = known !== undefined && known.entry.seq === one.entry.seq - 1
        before.set(one.entry.actor, one)
        return { commit: commitOf(follows ? known : null, one), projected: one }
      })
      const outcomes = await store.append(
        made.map(({ commit }) => commit),
        lease,
      )
      made.forEach(({ projected }, index) => {
        if (projected !== null && outcomes[index]?.outcome === 'committed') {
          tracked.set(projected.entry.actor, projected)
        }
      })
      return outcomes
    },
  }
}

export type OpenPlace = () => Promise<Place>

/** What the places pack long texts with. */
export const testDictionaries: readonly string[] = [
  'Once upon a time. ',
  '{\n  "once": "upon a time",\n  "happily": ["ever", "after"]\n}',
]

/** `seconds` after the beginning of the test's time. */
export function at(seconds: number): Instant {
  return instant(1_767_225_600_000 + seconds * 1000)
}

export const actor: ActorRef = 'counter/one'
export const other: ActorRef = 'counter/two'

export interface EntryFields {
  readonly actor?: ActorRef
  readonly seq?: number
  readonly envelopeId?: string
  readonly at?: Instant
  /** How many effects. */
  readonly effects?: number
  /** Makes the effects calls to this provider. */
  readonly provider?: string
  readonly timers?: readonly ArmedTimer[]
  readonly rows?: readonly ViewRow[]
  readonly event?: JsonObject
}

/** A commit, the first of its actor unless said otherwise. */
export function commit(given: EntryFields = {}): Projected {
  const ref = given.actor ?? actor
  const seq = given.seq ?? 1
  const when = given.at ?? at(seq)
  const effects = Array.from({ length: given.effects ?? 0 }, (_, n): Effect => ({
    id: effectId(ref, seq, n + 1),
    kind: 'remote',
    amount: seq * 10 + n,
    ...(given.provider === undefined ? {} : { provider: given.provider }),
  }))
  return {
    entry: {
      actor: ref,
      seq,
      envelope: {
        id: given.envelopeId ?? `envelope-${seq}`,
        to: ref,
        event: { type: 'counted', by: 1, ...given.event },
        source: 'api',
        occurredAt: when,
        receivedAt: when,
        causationId: null,
        correlationId: `because-${seq}`,
        principal: 'key:test',
      },
      snapshot: {
        chart: 'counter',
        version: 1,
        state: { value: 'counting', context: { count: seq } },
        timers: given.timers ?? [],
      },
      effects,
      changed: true,
      committedAt: when,
    },
    rows: given.rows ?? [],
  }
}

/** The first `count` commits of an actor. */
export function line(count: number, given: EntryFields = {}): Projected[] {
  return Array.from({ length: count }, (_, n) => commit({ ...given, seq: n + 1 }))
}

export function row(view: string, key: string, value: JsonObject = {}): ViewRow {
  return { view, key, keep: 'latest', value }
}

export function posting(view: string, key: string, value: JsonObject = {}): ViewRow {
  return { view, key, keep: 'append', value }
}

export function timer(name: string, seconds: number, ref = actor, seq = 1): ArmedTimer {
  return { name, dueAt: at(seconds), instance: `${ref}#${seq}` }
}

export async function outcomes(
  store: TrackingStore,
  commits: readonly Projected[],
): Promise<string[]> {
  return (await store.append(commits)).map(outcomeText)
}

export function outcomeText(answer: AppendOutcome): string {
  return answer.outcome === 'duplicate' ? `duplicate of ${answer.seq}` : answer.outcome
}

/** Everything of a list, in pages of this size. */
export async function all<T>(
  list: (page: PageRequest) => Promise<Page<T>>,
  limit = 1000,
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const page: Page<T> = await list({ cursor, limit })
    items.push(...page.items)
    cursor = page.cursor
  } while (cursor !== null)
  return items
}

/** What a view or a timer index is asked when two of them are compared. */
export async function everythingDerived(store: Store, views: readonly string[]): Promise<unknown> {
  const rows: [string, unknown][] = []
  for (const view of views) rows.push([view, await all((page) => store.viewRows(view, '', page))])
  return {
    rows,
    timers: await store.dueTimers('9999-12-31T00:00:00.000Z', 100_000),
    names: await store.armedTimerNames(),
    next: await store.nextTimerAt(),
    actors: await all((page) => store.actors(null, page)),
  }
}
