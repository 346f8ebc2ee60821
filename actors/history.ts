import type { ActorRef } from '../values/ids.ts'
import type { Instant } from '../values/instant.ts'
import type { Decider } from './decide.ts'
import type { Entry } from './journal.ts'
import type { Page, PageRequest, Store } from './ports.ts'
import type { PossibleTransition } from './transitions.ts'

/**
 * Any actor, now and at any past moment. Every entry holds the state after it, so nothing is
 * replayed.
 */
export function createHistory({ store, decider }: { store: Store; decider: Decider }) {
  return {
    /**
     * The newest entry, or null if there is no such actor. Read from the store: other processes
     * write too.
     */
    read: (actor: ActorRef): Promise<Entry | null> => store.head(actor),
    entry: (actor: ActorRef, seq: number): Promise<Entry | null> => store.entry(actor, seq),
    /** What the actor was at this moment: its newest entry committed by then. */
    at: (actor: ActorRef, at: Instant): Promise<Entry | null> => store.entryAt(actor, at),
    history: (actor: ActorRef, page: PageRequest): Promise<Page<Entry>> =>
      store.history(actor, page),
    /**
     * The transitions that could leave the state of this entry at `at`, and which guards hold them
     * back.
     */
    possible: (entry: Entry, at: Instant): PossibleTransition[] => decider.possible(entry, at),
  }
}
