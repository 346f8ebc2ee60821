import type { ActorRef } from '../values/ids.ts'
import type { Instant } from '../values/instant.ts'
import type { Decider } from './decision/decide.ts'
import type { Entry } from './journal/journal.ts'
import type { EffectStanding, Journal, Outbox, Page, PageRequest } from './ports.ts'
import type { PossibleTransition } from './decision/transitions.ts'

/**
 * Any actor, now and at any past moment, as today's charts would have written it: what an older
 * release wrote comes through its migrations (A10). Nothing is replayed. Rejects with
 * SnapshotTooNew for what a newer release wrote.
 */
export function createHistory({ store, decider }: { store: Journal & Outbox; decider: Decider }) {
  const today = (entry: Entry | null) => (entry === null ? null : decider.read(entry))
  return {
    /**
     * The newest entry, or null if there is no such actor. Read from the store: other processes
     * write too.
     */
    read: async (actor: ActorRef): Promise<Entry | null> => today(await store.head(actor)),
    entry: async (actor: ActorRef, seq: number): Promise<Entry | null> =>
      today(await store.entry(actor, seq)),
    /** What the actor was at this moment: its newest entry committed by then. */
    at: async (actor: ActorRef, at: Instant): Promise<Entry | null> =>
      today(await store.entryAt(actor, at)),
    async history(actor: ActorRef, page: PageRequest): Promise<Page<Entry>> {
      const { items, cursor } = await store.history(actor, page)
      return { items: items.map((entry) => decider.read(entry)), cursor }
    },
    /** How the effects of an entry stand. */
    effectsOf: (actor: ActorRef, seq: number): Promise<readonly EffectStanding[]> =>
      store.effectsOf(actor, seq),
    /**
     * The transitions that could leave the state of this entry at `at`, and which guards hold them
     * back.
     */
    possible: (entry: Entry, at: Instant): PossibleTransition[] => decider.possible(entry, at),
  }
}
