import { sameTimers } from '../../../actors/journal/commit-of.ts'
import type { ArmedTimer, Commit, Entry } from '../../../actors/journal/journal.ts'
import type { AppendOutcome, Lease } from '../../../actors/ports.ts'
import { canonical } from '../../../values/json.ts'
import { groupBy } from '../../grouping.ts'
import type { Marks } from '../views/applied-marks.ts'
import { type Applicable, applyEntries, isEmpty } from '../views/apply.ts'
import { claimed, newDelivery } from '../effects/delivery.ts'
import type { Collections, JournalDocument } from '../documents/documents.ts'
import { documentOf } from '../documents/entries.ts'
import { duplicatesIn } from '../failures.ts'
import { passFence, passingAmong } from '../effects/fences.ts'
import type { HeadIndex, Place } from '../documents/head-index.ts'
import type { HeldDeliveries } from '../effects/held.ts'

/** A commit with its place in the caller's list. */
interface PendingCommit {
  readonly index: number
  readonly commit: Commit
}

/** A commit as it goes to the database. */
interface Ready extends PendingCommit {
  readonly document: JournalDocument
  readonly applicable: Applicable
}

export interface AppendPorts {
  readonly collections: Collections
  readonly known: HeadIndex
  readonly marks: Marks
  readonly held: HeldDeliveries
  /** Names this store among those that work on the database. */
  readonly holder: string
}

/**
 * Inserts the entries: one document each holds all that stands or falls together, the delivery of
 * the effects and the lease on them included. Then writes the rows and timers that follow, where
 * any do, and acknowledges.
 */
export function createAppend(ports: AppendPorts) {
  const { collections, marks, held } = ports

  return async (commits: readonly Commit[], lease: Lease | null): Promise<AppendOutcome[]> => {
    const { inserted, refused } = await passing(
      ports,
      await insertAll(ports, commits, lease),
      lease,
    )
    const outcomes = commits.map((): AppendOutcome => ({ outcome: 'conflict' }))
    const applicable: Applicable[] = []
    for (const { index, document, applicable: following } of inserted) {
      outcomes[index] = { outcome: 'committed' }
      if (lease !== null && document.delivery) held.add(document._id, document.delivery)
      if (!isEmpty(following)) applicable.push(following)
    }
    for (const { index, seq, again } of await duplicatesAmong(collections, refused)) {
      outcomes[index] = { outcome: 'duplicate', seq }
      if (again !== null) applicable.push(again)
    }
    if (applicable.length > 0) {
      await applyEntries(collections, applicable)
      marks.add(applicable.map(({ entry }) => entry))
    }
    return outcomes
  }
}

interface Insertion {
  readonly inserted: readonly Ready[]
  readonly refused: readonly PendingCommit[]
}

/** The same, where what was refused and is itself what is parked has passed its fence. */
async function passing(
  ports: AppendPorts,
  { inserted, refused }: Insertion,
  lease: Lease | null,
): Promise<Insertion> {
  if (refused.length === 0) return { inserted, refused }
  const { collections, known } = ports
  const entries = refused.map(({ commit }) => commit.entry)
  const passable = await passingAmong(collections, entries)
  const passed: Ready[] = []
  for (const one of refused.filter(({ commit }) => passable.has(commit.entry))) {
    for (const ready of readyOf(ports, [one], lease)) {
      if (await passFence(collections, ready.document)) passed.push(ready)
    }
  }
  for (const { commit } of passed) known.learn(commit.entry, commit.entry.snapshot.timers)
  const places = new Set(passed.map(({ index }) => index))
  return {
    inserted: [...inserted, ...passed],
    refused: refused.filter(({ index }) => !places.has(index)),
  }
}

/**
 * Inserts in rounds, in each the next run of every actor's entries that follow each other: in
 * nearly all cases one. Where one is refused, the later ones of its actor are not tried.
 */
async function insertAll(
  ports: AppendPorts,
  commits: readonly Commit[],
  lease: Lease | null,
): Promise<Insertion> {
  const { known } = ports
  const inserted: Ready[] = []
  const refused: PendingCommit[] = []
  const pending = commits.map((commit, index) => ({ index, commit }))
  let lines = [...groupBy(pending, ({ commit }) => commit.entry.actor).values()]
  let runMax = Number.POSITIVE_INFINITY
  while (lines.length > 0) {
    const runs = lines.map((line) => runOf(line, runMax))
    await known.look(
      runs.flatMap((run) => run.slice(0, 1)).map(({ commit }) => before(commit.entry)),
    )
    const ready: Ready[] = []
    for (const run of runs) {
      const [first] = run
      if (first === undefined) continue
      if (known.has(before(first.commit.entry))) ready.push(...readyOf(ports, run, lease))
      else refused.push(first)
    }
    const round = await insert(ports.collections, ready)
    inserted.push(...round.inserted)
    refused.push(...round.refused)
    for (const {
      commit: { entry },
    } of round.inserted)
      known.learn(entry, entry.snapshot.timers)
    // One after the other from now on, so that what is refused costs the others nothing.
    if (round.refused.length > 0) runMax = 1
    const done = new Set([...round.inserted, ...refused].map(({ index }) => index))
    const ended = new Set(refused.map(({ commit }) => commit.entry.actor))
    lines = lines
      .filter(([first]) => first !== undefined && !ended.has(first.commit.entry.actor))
      .map((line) => line.filter(({ index }) => !done.has(index)))
      .filter((line) => line.length > 0)
  }
  return { inserted, refused }
}

/** The first of a line, and those after it that follow each other without a gap. */
function runOf(line: readonly PendingCommit[], max: number): readonly PendingCommit[] {
  const end = line.findIndex(({ commit }, place) => {
    const last = line[place - 1]
    return place === max || (last !== undefined && commit.entry.seq !== last.commit.entry.seq + 1)
  })
  return end === -1 ? line : line.slice(0, end)
}

function readyOf(
  { collections: { packer }, known, holder }: AppendPorts,
  run: readonly PendingCommit[],
  lease: Lease | null,
): Ready[] {
  return run.map(({ index, commit }, place) => {
    const { entry, rows } = commit
    const last = run[place - 1]?.commit.entry.snapshot.timers ?? known.timersOf(before(entry))
    const applicable = { entry, rows, timers: timersChanged(commit, last) }
    const delivery = newDelivery(entry)
    const document: JournalDocument = {
      ...documentOf(commit, packer),
      ...(delivery && {
        delivery: lease === null ? delivery : claimed(delivery, null, { holder, ...lease }),
      }),
      ...(!isEmpty(applicable) && { unapplied: true }),
    }
    return { index, commit, document, applicable }
  })
}

/**
 * The entry's timers where they may differ from what the one before left; null where they do not.
 */
function timersChanged(
  { entry, change }: Commit,
  last: readonly ArmedTimer[] | null,
): readonly ArmedTimer[] | null {
  const { timers } = entry.snapshot
  if (change !== null) return change.timers === undefined ? null : timers
  return last !== null && sameTimers(last, timers) ? null : timers
}

function before({ actor, seq }: Entry): Place {
  return { actor, seq: seq - 1 }
}

/**
 * Those of which the seq or the envelope id is taken are refused; what stands in neither list was
 * not tried.
 */
async function insert(
  { journal }: Collections,
  ready: readonly Ready[],
): Promise<{ readonly inserted: readonly Ready[]; readonly refused: readonly Ready[] }> {
  if (ready.length === 0) return { inserted: [], refused: [] }
  const actors = new Set(ready.map(({ document }) => document.actor))
  // In order where one builds on another: nothing is inserted after the first that is refused.
  const ordered = actors.size < ready.length
  try {
    await journal.insertMany(
      ready.map(({ document }) => document),
      { ordered },
    )
    return { inserted: ready, refused: [] }
  } catch (error) {
    const places = duplicatesIn(error)
    const refused = new Set(places)
    const end = ordered ? Math.min(...places) : ready.length
    return {
      inserted: ready.filter((_, place) => place < end && !refused.has(place)),
      refused: ready.filter((_, place) => refused.has(place)),
    }
  }
}

/** The journal's document alone, as it stands until what follows from it is written. */
export function unappliedDocument(
  commit: Commit,
  { packer }: Pick<Collections, 'packer'>,
): JournalDocument {
  const delivery = newDelivery(commit.entry)
  return { ...documentOf(commit, packer), ...(delivery && { delivery }), unapplied: true }
}

interface Duplicate {
  readonly index: number
  readonly seq: number
  /** There if this very entry was written by an append that never got to what follows from it. */
  readonly again: Applicable | null
}

/**
 * Of the commits that were refused, those whose envelope their actor has taken; the others are
 * conflicts.
 */
async function duplicatesAmong(
  { journal, packer }: Collections,
  refused: readonly PendingCommit[],
): Promise<readonly Duplicate[]> {
  if (refused.length === 0) return []
  const taken = await journal
    .find({
      $or: refused.map(({ commit: { entry } }) => ({
        actor: entry.actor,
        'envelope.id': entry.envelope.id,
      })),
    })
    .project<JournalDocument>({ delivery: 0 })
    .toArray()
  const byActor = groupBy(taken, ({ actor }) => actor)
  return refused.flatMap(({ index, commit }) => {
    const { entry, rows } = commit
    const { id } = entry.envelope
    const document = byActor.get(entry.actor)?.find(({ envelope }) => envelope['id'] === id)
    if (document === undefined) return []
    const { unapplied, ...found } = document
    const isSame = unapplied === true && canonical(found) === canonical(documentOf(commit, packer))
    const again = isSame ? { entry, rows, timers: entry.snapshot.timers } : null
    return [{ index, seq: document.seq, again }]
  })
}
