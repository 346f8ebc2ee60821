import type { ActorRef } from '../../values/ids.ts'
import { createGroup } from '../batcher.ts'
import type { Commit, Entry } from '../journal/journal.ts'
import type { Limits } from '../limits.ts'
import type { ActorStanding, AppendOutcome, DeadLetters, Journal, Lease } from '../ports.ts'

export interface Append {
  readonly commits: readonly Commit[]
  readonly lease: Lease | null
}

export interface AppendResult {
  readonly outcomes: readonly AppendOutcome[]
  readonly lease: Lease | null
}

export type RoundTrips = ReturnType<typeof createRoundTrips>

/** What a commit asks of the store, for many actors in one round trip each. */
export function createRoundTrips(store: Journal & DeadLetters, limits: Limits) {
  const append = createGroup<Append, AppendResult>({
    max: limits.entriesPerGroup,
    weightOf: ({ commits }) => commits.length,
    run: async (jobs) => {
      // That of the first ends first.
      const lease = jobs[0]?.lease ?? null
      const commits = jobs.flatMap((job) => job.commits)
      const outcomes = await store.append(commits, lease)
      let from = 0
      return jobs.map((job) => ({
        outcomes: outcomes.slice(from, (from += job.commits.length)),
        lease,
      }))
    },
  })
  const parkedOf = createGroup<ActorRef, { id: string | null }>({
    max: limits.entriesPerGroup,
    weightOf: () => 1,
    run: async (actors) => {
      const parked = await store.parkedAmong(actors)
      return actors.map((actor) => ({ id: parked.get(actor) ?? null }))
    },
  })
  const standingOf = createGroup<ActorRef, ActorStanding>({
    max: limits.entriesPerGroup,
    weightOf: () => 1,
    run: async (actors) => {
      const standings = await store.standings(actors)
      return actors.map((actor) => standings.get(actor) ?? { head: null, parked: null })
    },
  })
  const isNewest = createGroup<Entry, { yes: boolean }>({
    max: limits.entriesPerGroup,
    weightOf: () => 1,
    run: async (entries) => {
      const seqs = await store.newestSeqs(entries.map(({ actor }) => actor))
      return entries.map(({ actor, seq }) => ({ yes: seqs.get(actor) === seq }))
    },
  })

  return {
    append,
    /** The oldest parked envelope of the actor. */
    parkedOf,
    /** That, and the newest entry that the store has. */
    standingOf,
    /** Whether no process has committed a newer entry of its actor. */
    isNewest,
  }
}
