import { randomUUID } from 'node:crypto'
import type { ClaimedEffect, Settlement } from '../../actors/ports.ts'
import type { ActorRef, EffectId } from '../../values/ids.ts'
import { type Instant, plusMs } from '../../values/instant.ts'
import { UnreadableDocument } from '../errors.ts'
import { groupBy } from '../grouping.ts'
import { entryIdOf, readEntry } from '../stored-json.ts'
import { type Lease, claimed, settled } from './delivery.ts'
import type { Collections, Delivery, JournalDocument, OpenEffect } from './documents.ts'

/** One change of one document's delivery. */
interface Change {
  readonly _id: string
  readonly actor: ActorRef
  readonly before: Delivery
  readonly after: Delivery
}

type DeliveryDocument = Pick<JournalDocument, '_id' | 'actor' | 'delivery'>

export interface Claim {
  readonly now: Instant
  readonly limit: number
  readonly leaseMs: number
  /** Undefined for any. */
  readonly lane: 'own' | undefined
}

const claimRoundsMax = 5
const changeRoundsMax = 50

/** Claims and settlements; `holder` names this store among those that work on the database. */
export function createDeliveries(collections: Collections, holder: string) {
  const { journal } = collections

  /** Writes the changes whose document is still as it was read; returns the ids of those. */
  const write = async (changes: readonly Change[]): Promise<ReadonlySet<string>> => {
    if (changes.length === 0) return new Set()
    const by = randomUUID()
    const { matchedCount } = await journal.bulkWrite(
      changes.map(({ _id, actor, before, after }) => ({
        updateOne: {
          filter: { _id, actor, 'delivery.rev': before.rev },
          update: { $set: { delivery: { ...after, rev: before.rev + 1, by } } },
        },
      })),
      { ordered: false },
    )
    const ids = changes.map(({ _id }) => _id)
    if (matchedCount === changes.length) return new Set(ids)
    const won = await journal
      .find({ _id: { $in: ids }, actor: { $in: actorsOf(changes) }, 'delivery.by': by })
      .project<Pick<JournalDocument, '_id'>>({ _id: 1 })
      .toArray()
    return new Set(won.map(({ _id }) => _id))
  }

  /** Applies `step` to the delivery of each entry, reading again where another writer was faster. */
  const change = async (
    entries: ReadonlyMap<string, ActorRef>,
    step: (delivery: Delivery, entryId: string) => Delivery,
  ): Promise<boolean> => {
    let changed = false
    let left = new Map(entries)
    for (let round = 0; left.size > 0; round += 1) {
      if (round === changeRoundsMax) throw new Error('a delivery kept changing under our hands')
      const documents = await read(collections, left)
      const changes = documents.flatMap(({ _id, actor, delivery: before }) => {
        const after = before === undefined ? before : step(before, _id)
        return before === undefined || after === undefined || after === before
          ? []
          : [{ _id, actor, before, after }]
      })
      const won = await write(changes)
      changed ||= won.size > 0
      const lost = changes.filter(({ _id }) => !won.has(_id))
      left = new Map(lost.map(({ _id, actor }) => [_id, actor]))
    }
    return changed
  }

  return {
    change,

    async claim({ now, limit, leaseMs, lane }: Claim): Promise<ClaimedEffect[]> {
      const lease = { holder, now, endsAt: plusMs(now, leaseMs) }
      const held: ClaimedEffect[] = []
      for (let round = 0; round < claimRoundsMax && held.length < limit; round += 1) {
        const candidates = await due(collections, { now, limit: limit - held.length, lane })
        const picked = candidates.map((candidate) => pickOf(candidate, lease))
        const won = await write(picked.map(({ change }) => change))
        const claims = picked.flatMap((pick) => (won.has(pick.change._id) ? pick.claims : []))
        held.push(...claims.sort((a, b) => a.rank - b.rank).map(({ claim }) => claim))
        if (won.size === picked.length) break
      }
      return held
    },

    async settle(settlements: readonly Settlement[], firstOrder: number): Promise<void> {
      const byEntry = groupBy(settlements, ({ id }) => entryIdOf(id))
      const orders = new Map(settlements.map(({ id }, n) => [id, firstOrder + n]))
      await change(entriesOf(settlements.map(({ id }) => id)), (delivery, entryId) => {
        let next = delivery
        for (const settlement of byEntry.get(entryId) ?? []) {
          const order = orders.get(settlement.id) ?? firstOrder
          next = settled(next, settlement, { holder, order })
        }
        return next
      })
    },

    async nextClaimAt(): Promise<Instant | null> {
      const first = await journal
        .find({ 'delivery.dueAt': { $exists: true } })
        .sort({ 'delivery.dueAt': 1 })
        .limit(1)
        .project<Pick<JournalDocument, 'delivery'>>({ delivery: 1 })
        .next()
      return first?.delivery?.dueAt ?? null
    },
  }
}

/** The entries of these effects, with their actors. */
export function entriesOf(effects: readonly EffectId[]): Map<string, ActorRef> {
  return new Map(effects.map((id) => [entryIdOf(id), actorOf(id)]))
}

function actorOf(effect: EffectId): ActorRef {
  const slash = effect.indexOf('/')
  return `${effect.slice(0, slash)}/${effect.slice(slash + 1, effect.lastIndexOf('#'))}`
}

function actorsOf(changes: readonly { readonly actor: ActorRef }[]): ActorRef[] {
  return [...new Set(changes.map(({ actor }) => actor))]
}

function read({ journal }: Collections, entries: ReadonlyMap<string, ActorRef>) {
  return journal
    .find({ _id: { $in: [...entries.keys()] }, actor: { $in: [...new Set(entries.values())] } })
    .project<DeliveryDocument>({ actor: 1, delivery: 1 })
    .toArray()
}

/** A document with the effects in it that are to be claimed. */
interface Candidate extends Pick<JournalDocument, '_id' | 'actor' | 'seq' | 'entry'> {
  readonly delivery: Delivery
  readonly effects: readonly { readonly effect: OpenEffect; readonly rank: number }[]
}

/**
 * The first `limit` effects due. Each of them is in one of the first `limit` documents by `dueAt` (of one lane,
 * by that lane's), because every document before its own holds one that is due before it.
 */
async function due(
  { journal }: Collections,
  { now, limit, lane }: Omit<Claim, 'leaseMs'>,
): Promise<Candidate[]> {
  const dueAt = lane === 'own' ? 'delivery.ownDueAt' : 'delivery.dueAt'
  const documents = await journal
    .find({ [dueAt]: { $lte: now, $exists: true } })
    .sort({ [dueAt]: 1, actor: 1, seq: 1 })
    .limit(limit)
    .project<JournalDocument>({ actor: 1, seq: 1, entry: 1, delivery: 1 })
    .toArray()
  const effects = documents
    .flatMap(({ _id, actor, seq, delivery }) =>
      (delivery?.open ?? []).map((effect) => ({ _id, actor, seq, effect })),
    )
    .filter(({ effect }) => effect.at <= now && (lane === undefined || effect.lane === lane))
    .sort((a, b) => compareDue(a, b))
    .slice(0, limit)
    .map((one, rank) => ({ ...one, rank }))
  const chosen = groupBy(effects, ({ _id }) => _id)
  return documents.flatMap(({ _id, actor, seq, entry, delivery }) => {
    const own = chosen.get(_id)
    return own && delivery ? [{ _id, actor, seq, entry, delivery, effects: own }] : []
  })
}

interface Due {
  readonly actor: ActorRef
  readonly seq: number
  readonly effect: OpenEffect
}

function compareDue(a: Due, b: Due): number {
  if (a.effect.at !== b.effect.at) return a.effect.at < b.effect.at ? -1 : 1
  if (a.actor !== b.actor) return a.actor < b.actor ? -1 : 1
  return a.seq - b.seq || a.effect.place - b.effect.place
}

/** A claim that holds if its document was still as it was read; `rank` is its place in the order due. */
interface Picked {
  readonly change: Change
  readonly claims: readonly { readonly rank: number; readonly claim: ClaimedEffect }[]
}

function pickOf(candidate: Candidate, lease: Lease): Picked {
  const { _id, actor, seq, delivery, effects } = candidate
  const entry = readEntry(candidate.entry, () => `the entry ${_id}`)
  const { correlationId, occurredAt } = entry.envelope
  const claims = effects.map(({ rank, effect: { place, tries, attempt, firstTriedAt } }) => {
    const effect = entry.effects[place]
    if (effect === undefined) throw new UnreadableDocument(`the delivery of ${_id}`)
    const claim = {
      actor,
      seq,
      effect,
      correlationId,
      occurredAt,
      tries,
      attempt,
      firstTriedAt: firstTriedAt ?? lease.now,
      leaseEndsAt: lease.endsAt,
    }
    return { rank, claim }
  })
  const places = new Set(effects.map(({ effect }) => effect.place))
  return {
    change: { _id, actor, before: delivery, after: claimed(delivery, places, lease) },
    claims,
  }
}
