import type { ActorRef } from '../../../values/ids.ts'
import type { Instant } from '../../../values/instant.ts'
import { checkLimit } from '../../pages.ts'
import type { Collections, JournalDocument } from '../documents/documents.ts'
import type { HeadIndex } from '../documents/head-index.ts'

const batchActors = 200

/**
 * Forgets whole actors: what follows from them first and their first entry last, so that one of
 * which some is left is found again. An actor that takes an event at the same moment would lose its
 * past: forget only types that end.
 */
export function createForgetting(collections: Collections, known: HeadIndex) {
  const { journal, timers, rows } = collections

  const remove = async (actors: readonly ActorRef[]) => {
    if (actors.length === 0) return
    const actor = { $in: [...actors] }
    await Promise.all([rows.deleteMany({ actor }), timers.deleteMany({ _id: actor })])
    await journal.deleteMany({ actor, seq: { $ne: 1 } })
    await journal.deleteMany({ actor, seq: 1 })
    known.forget(actors)
  }

  return async (type: string, before: Instant, limit: number): Promise<number> => {
    checkLimit(limit)
    let forgotten = 0
    let after: FirstEntry | null = null
    while (forgotten < limit) {
      const openings: readonly FirstEntry[] = await openingsAfter(collections, {
        type,
        before,
        after,
      })
      const ended = await endedAmong(
        collections,
        openings.map(({ actor }) => actor),
        before,
      )
      const chosen = ended.slice(0, limit - forgotten)
      await remove(chosen)
      forgotten += chosen.length
      after = openings.at(-1) ?? null
      if (openings.length < batchActors) break
    }
    return forgotten
  }
}

type FirstEntry = Pick<JournalDocument, 'actor' | 'committedAt'>

/** Actors of this type that began before a moment, oldest first. */
function openingsAfter(
  { journal }: Collections,
  { type, before, after }: { type: string; before: Instant; after: FirstEntry | null },
): Promise<FirstEntry[]> {
  const later = after && [
    { committedAt: after.committedAt, actor: { $gt: after.actor } },
    { committedAt: { $gt: after.committedAt } },
  ]
  return journal
    .find({
      opens: { $eq: type, $exists: true },
      committedAt: { $lt: before },
      ...(later && { $or: later }),
    })
    .sort({ committedAt: 1, actor: 1 })
    .limit(batchActors)
    .project<FirstEntry>({ _id: 0, actor: 1, committedAt: 1 })
    .toArray()
}

/**
 * Those of which no entry is as new as that, no effect is open or parked, and no envelope is
 * parked.
 */
async function endedAmong(
  { journal, parked }: Collections,
  actors: readonly ActorRef[],
  before: Instant,
): Promise<readonly ActorRef[]> {
  if (actors.length === 0) return []
  const actor = { $in: [...actors] }
  const [entries, envelopes] = await Promise.all([
    journal
      .find({
        actor,
        $or: [
          { committedAt: { $gte: before } },
          { 'delivery.open.0': { $exists: true } },
          { 'delivery.parked.0': { $exists: true } },
        ],
      })
      .project<Pick<JournalDocument, 'actor'>>({ _id: 0, actor: 1 })
      .toArray(),
    parked.find({ actor }).project<Pick<JournalDocument, 'actor'>>({ _id: 0, actor: 1 }).toArray(),
  ])
  const held = new Set([...entries, ...envelopes].map((document) => document.actor))
  return actors.filter((one) => !held.has(one))
}
