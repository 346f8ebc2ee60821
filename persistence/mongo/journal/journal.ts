import type { Document } from 'mongodb'
import { type Entry, baseSeq, wholeEvery } from '../../../actors/journal/journal.ts'
import type { Page, PageRequest } from '../../../actors/ports.ts'
import { type ActorRef, isActorRef } from '../../../values/ids.ts'
import type { Instant } from '../../../values/instant.ts'
import { isStorable } from '../../checked.ts'
import { UnreadableDocument } from '../../errors.ts'
import { listByNumber, listOfActors } from '../../pages.ts'
import type { Collections, JournalDocument } from '../documents/documents.ts'
import { type EntryDocument, createFold, entryFields, lastEntryOf } from '../documents/entries.ts'
import { entriesAlone, type HeadIndex } from '../documents/head-index.ts'
import { rangeOf } from '../documents/ranges.ts'
import { createStandings, readHead } from './standings.ts'

export function refOf(id: string): ActorRef {
  if (!isActorRef(id)) throw new UnreadableDocument(`the actor's name ${id}`)
  return id
}

/** The documents of an actor from one seq to another, in order. */
function between({ journal }: Collections, actor: ActorRef, first: number, last: number) {
  return journal
    .find({ actor, seq: { $gte: first, $lte: last } })
    .sort({ seq: 1 })
    .project<EntryDocument>(entryFields)
    .toArray()
}

/** Null if there is no such entry. */
export async function readEntryAt(
  collections: Collections,
  actor: ActorRef,
  seq: number,
): Promise<Entry | null> {
  const documents = await between(collections, actor, baseSeq(seq), seq)
  return documents.at(-1)?.seq === seq ? lastEntryOf(documents, collections.packer) : null
}

/** A range of refs is told in texts that need not be refs. */
const refField: string = 'actor'

/** Reads of the journal. What they show is also what the next append may build upon. */
export function createJournal(collections: Collections, known: HeadIndex) {
  const { journal, packer } = collections

  const learned = (entry: Entry | null): Entry | null => {
    if (entry !== null) known.learn(entry, entry.snapshot.timers)
    return entry
  }

  return {
    standings: createStandings(collections, known),
    head: async (actor: ActorRef) => learned(await readHead(collections, actor)),
    entry: async (actor: ActorRef, seq: number) =>
      learned(await readEntryAt(collections, actor, seq)),
    /** From the newest whole entry by then: those after it, up to the next that has to be whole. */
    async entryAt(actor: ActorRef, at: Instant): Promise<Entry | null> {
      const whole = await journal
        .find({ actor, committedAt: { $lte: at }, snapshot: { $exists: true } })
        .sort({ committedAt: -1, seq: -1 })
        .limit(1)
        .project<Pick<JournalDocument, 'seq'>>({ _id: 0, seq: 1 })
        .next()
      if (whole === null) return null
      const { seq } = whole
      const documents = await between(collections, actor, seq, baseSeq(seq) + wholeEvery - 1)
      let newest = 0
      for (const [place, { committedAt }] of documents.entries()) {
        const best = documents[newest]?.committedAt
        if (committedAt <= at && best !== undefined && committedAt >= best) newest = place
      }
      return lastEntryOf(documents.slice(0, newest + 1), packer)
    },
    async seqsOf(actor: ActorRef, envelopeIds: readonly string[]) {
      const ids = envelopeIds.filter(isStorable)
      if (ids.length === 0) return new Map<string, number>()
      const found = await journal
        .find({ actor, 'envelope.id': { $in: ids } })
        .project<Pick<JournalDocument, 'envelope' | 'seq'>>({ _id: 0, 'envelope.id': 1, seq: 1 })
        .toArray()
      return new Map(found.map(({ envelope, seq }) => [String(envelope['id']), seq]))
    },
    async newestSeqs(actors: readonly ActorRef[]): Promise<ReadonlyMap<ActorRef, number>> {
      const found = await Promise.all(
        chunks([...new Set(actors)], seqsPerQuery).map((some) =>
          journal.aggregate<{ actor: string; seq: number }>(newestOfEach(some)).toArray(),
        ),
      )
      return new Map(found.flat().map(({ actor, seq }) => [refOf(actor), seq]))
    },
    async history(actor: ActorRef, page: PageRequest): Promise<Page<Entry>> {
      const list = listByNumber(`history ${actor}`)
      const first = (list.after(page) ?? 0) + 1
      const base = baseSeq(first)
      const documents = await journal
        .find({ actor, seq: { $gte: base } })
        .sort({ seq: 1 })
        .limit(first - base + page.limit + 1)
        .project<EntryDocument>(entryFields)
        .toArray()
      const fold = createFold(packer)
      const entries: Entry[] = []
      for (const document of documents) {
        if (document.seq >= first) entries.push(fold.entryOf(document))
        else fold.snapshotAfter(document)
      }
      return list.page(entries, page.limit, ({ seq }) => seq)
    },
    async actors(type: string | null, page: PageRequest, idPrefix = ''): Promise<Page<ActorRef>> {
      const { list, prefix } = listOfActors(type, idPrefix)
      const found = await journal
        .find({ [refField]: rangeOf(prefix, list.after(page)), opens: { $exists: true } })
        .sort({ actor: 1 })
        .limit(page.limit + 1)
        .project<{ actor: string }>({ _id: 0, actor: 1 })
        .toArray()
      return list.page(
        found.map(({ actor }) => refOf(actor)),
        page.limit,
        (actor) => actor,
      )
    },
  }
}

const seqsPerQuery = 100

/**
 * One step back in the index for each: a group of all their entries would read them all on some
 * servers.
 */
function newestOfEach([first, ...others]: readonly ActorRef[]): Document[] {
  const newest = (actor: ActorRef | undefined): Document[] => [
    { $match: { actor, seq: entriesAlone } },
    { $sort: { seq: -1 } },
    { $limit: 1 },
    { $project: { _id: 0, actor: 1, seq: 1 } },
  ]
  return [
    ...newest(first),
    ...others.map((actor) => ({ $unionWith: { coll: 'journal', pipeline: newest(actor) } })),
  ]
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  )
}
