import type { Entry } from '../../../actors/journal/journal.ts'
import { parkedId } from '../../../actors/tell-outcome.ts'
import type { ActorRef } from '../../../values/ids.ts'
import type { Collections, JournalDocument, ParkedDocument } from '../documents/documents.ts'
import { entriesAlone, entryId } from '../documents/head-index.ts'
import { isDuplicateKey } from '../failures.ts'

// While an envelope of an actor is parked, a fence stands where its next entry would: a document
// with that entry's `_id`, on which every append runs up, whatever its process remembers of the
// actor. Its `seq` is 0, so that an actor has one at most, and none is taken for an entry
// (`entriesAlone`).

/** Puts up the fence behind the newest entry, if it does not stand. */
export async function raiseFence({ journal, fences }: Collections, actor: ActorRef): Promise<void> {
  while ((await fences.findOne({ actor, seq: 0 })) === null) {
    const newest = await journal
      .find({ actor, seq: entriesAlone })
      .sort({ seq: -1 })
      .limit(1)
      .project<Pick<JournalDocument, 'seq'>>({ _id: 0, seq: 1 })
      .next()
    try {
      await fences.insertOne({
        _id: entryId({ actor, seq: (newest?.seq ?? 0) + 1 }),
        actor,
        seq: 0,
      })
      return
    } catch (error) {
      // An entry or another's fence came first.
      if (!isDuplicateKey(error)) throw error
    }
  }
}

/** Takes the fence away, unless something of the actor is parked by then. */
export async function lowerFence(collections: Collections, actor: ActorRef): Promise<void> {
  await collections.fences.deleteOne({ actor, seq: 0 })
  // Whoever parked meanwhile may have found the old one standing.
  if ((await collections.parked.findOne({ actor })) !== null) await raiseFence(collections, actor)
}

/** Of these entries, which did not get in, those that may pass the fence that they ran up on. */
export async function passingAmong(
  collections: Collections,
  entries: readonly Entry[],
): Promise<ReadonlySet<Entry>> {
  const { fences, parked } = collections
  const actors = [...new Set(entries.map(({ actor }) => actor))]
  const found = await fences
    .find({ _id: { $in: entries.map(entryId) }, actor: { $in: actors }, seq: 0 })
    .toArray()
  if (found.length === 0) return new Set()
  const fenced = new Set(found.map(({ _id }) => _id))
  const behind = entries.filter((entry) => fenced.has(entryId(entry)))
  const parkedOnes = await parked
    .find({ actor: { $in: found.map(({ actor }) => actor) } })
    .project<Pick<ParkedDocument, '_id' | 'actor'>>({ actor: 1 })
    .toArray()
  const ids = new Set(parkedOnes.map(({ _id }) => _id))
  const stuck = new Set(parkedOnes.map(({ actor }) => actor))
  // One that a crash left: nothing is parked any more.
  for (const { actor } of found) if (!stuck.has(actor)) await lowerFence(collections, actor)
  return new Set(behind.filter(({ envelope }) => ids.has(parkedId(envelope))))
}

/** Puts an entry where the fence stands; false if it does not stand there any more. */
export async function passFence({ journal }: Collections, document: JournalDocument) {
  const { _id, actor, ...fields } = document
  try {
    const { matchedCount } = await journal.updateOne({ _id, actor, seq: 0 }, { $set: fields })
    return matchedCount === 1
  } catch (error) {
    // Its envelope is in the journal already.
    if (isDuplicateKey(error)) return false
    throw error
  }
}
