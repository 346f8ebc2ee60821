import type { Commit, Entry } from '../../actors/journal.ts'
import type { AppendOutcome } from '../../actors/ports.ts'
import type { ActorRef } from '../../values/ids.ts'
import { groupBy } from '../grouping.ts'
import { jsonText } from '../stored-json.ts'
import { type Applicable, applyEntries, latestKeys } from './apply.ts'
import { newDelivery } from './delivery.ts'
import type { Collections, JournalDocument } from './documents.ts'
import { duplicatesIn } from './failures.ts'
import { type KnownEntries, type Place, entryId, readKeys } from './known.ts'
import type { Marks } from './marks.ts'

/** A commit on its way, with its place in the caller's list. */
interface Pending {
  readonly index: number
  readonly commit: Commit
}

/** What was inserted, and what is to follow from it. */
interface Inserted extends Pending {
  readonly keysBefore: readonly string[]
}

export interface AppendPorts {
  readonly collections: Collections
  readonly known: KnownEntries
  readonly marks: Marks
}

/**
 * Appends commits in rounds, the first of every actor in one bulk, then the second of those whose first was
 * committed. Then writes what follows from all, acknowledges, and marks them applied behind the answer.
 */
export function createAppend(ports: AppendPorts) {
  const { collections, known, marks } = ports

  return async (commits: readonly Commit[]): Promise<AppendOutcome[]> => {
    const outcomes = commits.map((): AppendOutcome => ({ outcome: 'conflict' }))
    const lines = groupBy(
      commits.map((commit, index) => ({ index, commit })),
      ({ commit }) => commit.entry.actor,
    )
    const applicable: Applicable[] = []
    for (let depth = 0; lines.size > 0; depth += 1) {
      const round = [...lines.values()].flatMap((line) => line.slice(depth, depth + 1))
      const { inserted, duplicates } = await insertRound(ports, round)
      for (const { index, seq, again } of duplicates) {
        outcomes[index] = { outcome: 'duplicate', seq }
        if (again) applicable.push(again)
      }
      const going = new Set<ActorRef>()
      for (const { index, commit, keysBefore } of inserted) {
        outcomes[index] = { outcome: 'committed' }
        going.add(commit.entry.actor)
        known.learn(commit.entry, latestKeys(commit.rows))
        applicable.push({ ...commit, keysBefore })
      }
      for (const [actor, line] of lines) {
        if (!going.has(actor) || line.length <= depth + 1) lines.delete(actor)
      }
    }
    if (applicable.length > 0) {
      await applyEntries(collections, applicable)
      marks.add(applicable.map(({ entry }) => entry))
    }
    return outcomes
  }
}

interface Duplicate {
  readonly index: number
  readonly seq: number
  /** There if this very entry was written by an append that never got to what follows from it. */
  readonly again: Applicable | null
}

async function insertRound(
  { collections, known }: AppendPorts,
  round: readonly Pending[],
): Promise<{ inserted: readonly Inserted[]; duplicates: readonly Duplicate[] }> {
  await known.look(round.map(({ commit }) => before(commit.entry)))
  const fit: Inserted[] = []
  const failed: Pending[] = []
  for (const pending of round) {
    const keysBefore = known.keysOf(before(pending.commit.entry))
    if (keysBefore === null) failed.push(pending)
    else fit.push({ ...pending, keysBefore })
  }
  const refused = new Set(await insert(collections, fit))
  failed.push(...fit.filter((_, place) => refused.has(place)))
  const inserted = fit.filter((_, place) => !refused.has(place))
  return { inserted, duplicates: await duplicatesAmong(collections, failed) }
}

function before({ actor, seq }: Entry): Place {
  return { actor, seq: seq - 1 }
}

/** Inserts what fits; returns the places of those whose seq or envelope id is taken. */
async function insert(
  { journal }: Collections,
  pending: readonly Pending[],
): Promise<readonly number[]> {
  if (pending.length === 0) return []
  try {
    await journal.insertMany(
      pending.map(({ commit }) => journalDocument(commit)),
      { ordered: false },
    )
    return []
  } catch (error) {
    return duplicatesIn(error)
  }
}

/** An entry as it is inserted: nothing follows from it yet. */
export function journalDocument({ entry, rows }: Commit): JournalDocument {
  const delivery = newDelivery(entry)
  return {
    _id: entryId(entry),
    actor: entry.actor,
    seq: entry.seq,
    envelopeId: entry.envelope.id,
    committedAt: entry.committedAt,
    entry: jsonText(entry),
    keys: latestKeys(rows),
    ...(delivery && { delivery }),
    unapplied: true,
  }
}

/** Of the commits that were refused, those whose envelope their actor has taken; the others are conflicts. */
async function duplicatesAmong(
  collections: Collections,
  failed: readonly Pending[],
): Promise<readonly Duplicate[]> {
  if (failed.length === 0) return []
  const taken = await collections.journal
    .find({
      $or: failed.map(({ commit: { entry } }) => ({
        actor: entry.actor,
        envelopeId: entry.envelope.id,
      })),
    })
    .project<JournalDocument>({ actor: 1, seq: 1, envelopeId: 1, entry: 1, unapplied: 1 })
    .toArray()
  const byActor = groupBy(taken, ({ actor }) => actor)
  const duplicates = failed.flatMap(({ index, commit }) => {
    const { actor, envelope } = commit.entry
    const document = byActor.get(actor)?.find(({ envelopeId }) => envelopeId === envelope.id)
    if (document === undefined) return []
    const again = document.unapplied === true && document.entry === jsonText(commit.entry)
    return [{ index, seq: document.seq, commit, again }]
  })
  const unapplied = duplicates
    .filter(({ again }) => again)
    .map(({ commit }) => before(commit.entry))
  const keys = await readKeys(collections, unapplied)
  return duplicates.map(({ index, seq, commit, again }) => ({
    index,
    seq,
    again: again ? { ...commit, keysBefore: keys.get(entryId(before(commit.entry))) ?? [] } : null,
  }))
}
