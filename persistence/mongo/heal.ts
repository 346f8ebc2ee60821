import type { Entry, RowKey } from '../../actors/journal/journal.ts'
import { SnapshotTooNew } from '../../actors/decision/upgrade.ts'
import type { ActorRef } from '../../values/ids.ts'
import { rowId } from '../checked.ts'
import { groupBy } from '../grouping.ts'
import { type Applicable, applyEntries } from './views/apply.ts'
import type { Collections, JournalDocument } from './documents/documents.ts'
import type { Place } from './documents/head-index.ts'
import { readEntryAt } from './journal/journal.ts'
import { readHead } from './journal/standings.ts'
import { type Following, type Project, projected } from './views/rebuild.ts'

const batchEntries = 500

/** Applies the entries that are not marked as applied; returns how many there were. */
export async function healAll({ collections, marks }: Following, project: Project) {
  await marks.flush()
  let healed = 0
  for (let after: Place | undefined; ;) {
    const places = await unappliedAfter(collections, after)
    if (places.length === 0) return healed
    const healedNow: Place[] = []
    for (const [actor, own] of groupBy(places, (place) => place.actor)) {
      try {
        await applyEntries(collections, await healing(collections, { actor, places: own, project }))
        healedNow.push(...own)
      } catch (error) {
        // A newer release wrote it and heals it; the others are not held up.
        if (!(error instanceof SnapshotTooNew)) throw error
      }
    }
    marks.add(healedNow)
    await marks.flush()
    healed += healedNow.length
    after = places.at(-1)
  }
}

function unappliedAfter({ journal }: Collections, after: Place | undefined) {
  const later = after && [
    { actor: after.actor, seq: { $gt: after.seq } },
    { actor: { $gt: after.actor } },
  ]
  return journal
    .find({ unapplied: { $eq: true, $exists: true }, ...(later && { $or: later }) })
    .sort({ actor: 1, seq: 1 })
    .limit(batchEntries)
    .project<Pick<JournalDocument, 'actor' | 'seq'>>({ _id: 0, actor: 1, seq: 1 })
    .toArray()
}

interface HealInput {
  readonly actor: ActorRef
  readonly places: readonly Place[]
  readonly project: Project
}

/**
 * The `append` rows of the entries whose append broke off, and all that follows from the newest: of
 * what theirs would have left, later entries wrote only what they changed.
 */
async function healing(
  collections: Collections,
  { actor, places, project }: HealInput,
): Promise<Applicable[]> {
  const applicable: Applicable[] = []
  for (const { seq } of places) {
    const entry = await readEntryAt(collections, actor, seq)
    if (entry === null) continue
    const put = projected(entry, project).filter(({ keep }) => keep === 'append')
    applicable.push({ entry, rows: { put, gone: [] }, timers: null })
  }
  const newest = await readHead(collections, actor)
  return newest === null
    ? applicable
    : [...applicable, await newestAgain(collections, newest, project)]
}

async function newestAgain(
  { rows }: Collections,
  entry: Entry,
  project: Project,
): Promise<Applicable> {
  const put = projected(entry, project).filter(({ keep }) => keep === 'latest')
  const yielded = new Set(put.map(({ view, key }) => rowId(view, key)))
  const stand = await rows
    .find({ actor: entry.actor, latest: true, goneAt: { $exists: false } })
    .project<{ _id: string }>({ _id: 1 })
    .toArray()
  const gone = stand.filter(({ _id }) => !yielded.has(_id)).map(({ _id }) => keyOf(_id))
  return { entry, rows: { put, gone }, timers: entry.snapshot.timers }
}

function keyOf(id: string): RowKey {
  const slash = id.indexOf('/')
  return { view: id.slice(0, slash), key: id.slice(slash + 1) }
}
