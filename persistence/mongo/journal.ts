import type { Filter, Sort } from 'mongodb'
import type { Entry } from '../../actors/journal.ts'
import type { Page, PageRequest } from '../../actors/ports.ts'
import { type ActorRef, isActorRef } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import { UnreadableDocument } from '../errors.ts'
import { listByNumber, listByText } from '../pages.ts'
import { readEntry } from '../stored-json.ts'
import type { Collections, JournalDocument } from './documents.ts'
import type { KnownEntries } from './known.ts'
import { rangeOf } from './ranges.ts'

type EntryDocument = Pick<JournalDocument, '_id' | 'actor' | 'seq' | 'entry' | 'keys'>

const entryFields = { actor: 1, seq: 1, entry: 1, keys: 1 } as const

export function entryOf({ _id, entry }: Pick<JournalDocument, '_id' | 'entry'>): Entry {
  return readEntry(entry, () => `the entry ${_id}`)
}

export function refOf(id: string): ActorRef {
  if (!isActorRef(id)) throw new UnreadableDocument(`the actor's name ${id}`)
  return id
}

/** Reads of the journal. What they show is also what the next append may build upon. */
export function createJournal({ journal, actors }: Collections, known: KnownEntries) {
  const one = async (filter: Filter<JournalDocument>, sort: Sort): Promise<Entry | null> => {
    const document = await journal
      .find(filter)
      .sort(sort)
      .limit(1)
      .project<EntryDocument>(entryFields)
      .next()
    if (document === null) return null
    known.learn(document, document.keys)
    return entryOf(document)
  }
  return {
    head: (actor: ActorRef) => one({ actor }, { seq: -1 }),
    entry: (actor: ActorRef, seq: number) => one({ actor, seq }, { seq: -1 }),
    entryAt: (actor: ActorRef, at: Instant) =>
      one({ actor, committedAt: { $lte: at } }, { committedAt: -1, seq: -1 }),
    async seqsOf(actor: ActorRef, envelopeIds: readonly string[]) {
      const found = await journal
        .find({ actor, envelopeId: { $in: [...envelopeIds] } })
        .project<Pick<JournalDocument, 'envelopeId' | 'seq'>>({ _id: 0, envelopeId: 1, seq: 1 })
        .toArray()
      return new Map(found.map(({ envelopeId, seq }) => [envelopeId, seq]))
    },
    async history(actor: ActorRef, page: PageRequest): Promise<Page<Entry>> {
      const list = listByNumber(`history ${actor}`)
      const found = await journal
        .find({ actor, seq: { $gt: list.after(page) ?? 0 } })
        .sort({ seq: 1 })
        .limit(page.limit + 1)
        .project<EntryDocument>(entryFields)
        .toArray()
      return list.page(found.map(entryOf), page.limit, ({ seq }) => seq)
    },
    async actors(type: string | null, page: PageRequest): Promise<Page<ActorRef>> {
      const list = listByText(`actors ${type ?? ''}`)
      const prefix = type === null ? '' : `${type}/`
      const found = await actors
        .find({ _id: rangeOf(prefix, list.after(page)) })
        .sort({ _id: 1 })
        .limit(page.limit + 1)
        .project<{ _id: string }>({ _id: 1 })
        .toArray()
      return list.page(
        found.map(({ _id }) => refOf(_id)),
        page.limit,
        (actor) => actor,
      )
    },
  }
}
