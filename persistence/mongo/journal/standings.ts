import type { Document } from 'mongodb'
import { wholeEvery, type Entry } from '../../../actors/journal/journal.ts'
import type { ActorStanding } from '../../../actors/ports.ts'
import type { ActorRef } from '../../../values/ids.ts'
import { groupBy } from '../../grouping.ts'
import type { Collections, ParkedDocument } from '../documents/documents.ts'
import { type EntryDocument, entryFields, newestEntryOf } from '../documents/entries.ts'
import { entriesAlone, type HeadIndex } from '../documents/head-index.ts'

/** A parked envelope, behind the entries in the same answer: it alone has a place in the order. */
type ParkedPlace = Pick<ParkedDocument, '_id' | 'actor' | 'order'>
type StandingDocument = EntryDocument | ParkedPlace

/** Of an actor that may have fewer entries all are read, together with those of others. */
const youngMax = 8

/** The newest entry: it and those before it, back to the first that is whole. */
export async function readHead(
  { journal, packer }: Collections,
  actor: ActorRef,
): Promise<Entry | null> {
  const documents = await journal
    .find({ actor, seq: entriesAlone })
    .sort({ seq: -1 })
    .limit(wholeEvery)
    .project<EntryDocument>(entryFields)
    .toArray()
  return newestEntryOf(documents.reverse(), packer)
}

/**
 * How actors stand, one or many young ones in one read; of several, each that has more entries
 * costs one more.
 */
export function createStandings(collections: Collections, known: HeadIndex) {
  const { packer } = collections
  const headsOf = async (actors: readonly ActorRef[]) =>
    Promise.all(actors.map(async (actor) => [actor, await readHead(collections, actor)] as const))

  return async (asked: readonly ActorRef[]): Promise<ReadonlyMap<ActorRef, ActorStanding>> => {
    const actors = [...new Set(asked)]
    const [only] = actors
    if (only === undefined) return new Map()
    if (actors.length === 1) {
      const { entries, parked } = await read(collections, newestOf(only), actors)
      return standingsOf(actors, known, {
        heads: new Map([[only, newestEntryOf(entries, packer)]]),
        parked,
      })
    }
    const isYoung = (actor: ActorRef) => known.seqOf(actor) < youngMax
    const [{ entries, parked }, old] = await Promise.all([
      read(collections, firstOf(actors.filter(isYoung)), actors),
      headsOf(actors.filter((actor) => !isYoung(actor))),
    ])
    const heads = new Map<ActorRef, Entry | null>(old)
    const toRead: ActorRef[] = []
    for (const [actor, own] of groupBy(entries, (entry) => entry.actor)) {
      if (own.length >= youngMax) toRead.push(actor)
      else heads.set(actor, newestEntryOf(own, packer))
    }
    for (const [actor, head] of await headsOf(toRead)) heads.set(actor, head)
    return standingsOf(actors, known, { heads, parked })
  }
}

/** The newest entry and those before it, back to one that is whole for sure. */
function newestOf(actor: ActorRef): Document[] {
  return [{ $match: { actor, seq: entriesAlone } }, { $sort: { seq: -1 } }, { $limit: wholeEvery }]
}

function firstOf(actors: readonly ActorRef[]): Document[] {
  return [{ $match: { actor: { $in: actors }, seq: { ...entriesAlone, $lte: youngMax } } }]
}

interface StandingDocuments {
  /** In order of seq. */
  readonly entries: readonly EntryDocument[]
  readonly parked: readonly ParkedPlace[]
}

/** These entries, and the parked envelopes of these actors. */
async function read(
  { journal, parked }: Collections,
  entries: readonly Document[],
  actors: readonly ActorRef[],
): Promise<StandingDocuments> {
  const parkedOnes = [{ $match: { actor: { $in: actors } } }, { $project: { actor: 1, order: 1 } }]
  const found = await journal
    .aggregate<StandingDocument>(
      [
        ...entries,
        { $project: entryFields },
        { $unionWith: { coll: parked.collectionName, pipeline: parkedOnes } },
      ],
      // All of it in the first answer.
      { batchSize: (actors.length + 1) * wholeEvery },
    )
    .toArray()
  return {
    entries: found.flatMap((one) => ('order' in one ? [] : [one])).sort((a, b) => a.seq - b.seq),
    parked: found.flatMap((one) => ('order' in one ? [one] : [])).sort((a, b) => a.order - b.order),
  }
}

function standingsOf(
  actors: readonly ActorRef[],
  known: HeadIndex,
  {
    heads,
    parked,
  }: {
    readonly heads: ReadonlyMap<ActorRef, Entry | null>
    readonly parked: StandingDocuments['parked']
  },
): ReadonlyMap<ActorRef, ActorStanding> {
  return new Map(
    actors.map((actor) => {
      const head = heads.get(actor) ?? null
      if (head !== null) known.learn(head, head.snapshot.timers)
      return [actor, { head, parked: parked.find((one) => one.actor === actor)?._id ?? null }]
    }),
  )
}
