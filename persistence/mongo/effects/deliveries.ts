import type { ClaimedEffect, EffectStanding, Settlement } from '../../../actors/ports.ts'
import type { ActorRef, EffectId } from '../../../values/ids.ts'
import { type Instant, plusMs } from '../../../values/instant.ts'
import { groupBy } from '../../grouping.ts'
import { entryIdOf } from '../../stored-json.ts'
import type { Marks } from '../views/applied-marks.ts'
import { type Change, type Claim, due, dueField, lanes, pickOf } from './claims.ts'
import { broughtForward, settled } from './delivery.ts'
import type { Collections, Delivery, EffectTries, JournalDocument } from '../documents/documents.ts'
import { earliest } from '../documents/earliest.ts'
import { effectsOf } from '../documents/entries.ts'
import { type Place, entryId } from '../documents/head-index.ts'
import type { HeldDeliveries } from './held.ts'
import { restored } from '../documents/stored.ts'

type Step = (delivery: Delivery, entryId: string) => Delivery

type DeliveryDocument = Pick<JournalDocument, '_id' | 'actor' | 'delivery'>

export interface DeliveriesPorts {
  readonly collections: Collections
  readonly held: HeldDeliveries
  readonly marks: Marks
  /** Names this store among those that work on the database. */
  readonly holder: string
}

const claimRoundsMax = 5
const changeRoundsMax = 50

/** Claims and settlements. */
export function createDeliveries({ collections, held, marks, holder }: DeliveriesPorts) {
  const { journal } = collections
  let writes = 0

  /**
   * Writes the changes whose document is still as it was read, and holds these; returns their ids.
   */
  const write = async (changes: readonly Change[]): Promise<ReadonlySet<string>> => {
    if (changes.length === 0) return new Set()
    writes += 1
    const rev = `${holder}:${writes}`
    const unmarked = new Set(changes.map(({ _id }) => _id).filter((id) => marks.take(id)))
    const keepMarks = (lost: readonly Change[]) => {
      marks.add(lost.filter(({ _id }) => unmarked.has(_id)).map(placeOf))
    }
    let won: ReadonlySet<string>
    try {
      won = await writeAs(rev, changes, unmarked)
    } catch (error) {
      keepMarks(changes)
      throw error
    }
    keepMarks(changes.filter(({ _id }) => !won.has(_id)))
    for (const { _id, after } of changes) if (won.has(_id)) held.add(_id, { ...after, rev })
    return won
  }

  const writeAs = async (
    rev: string,
    changes: readonly Change[],
    unmarked: ReadonlySet<string>,
  ): Promise<ReadonlySet<string>> => {
    const { matchedCount } = await journal.bulkWrite(
      changes.map(({ _id, actor, before, after }) => ({
        updateOne: {
          filter: { _id, actor, 'delivery.rev': before.rev },
          update: {
            $set: { delivery: { ...after, rev } },
            ...(unmarked.has(_id) && { $unset: { unapplied: '' as const } }),
          },
        },
      })),
      { ordered: false },
    )
    const ids = changes.map(({ _id }) => _id)
    if (matchedCount === changes.length) return new Set(ids)
    if (matchedCount === 0) return new Set()
    const won = await journal
      .find({ _id: { $in: ids }, actor: { $in: actorsOf(changes) }, 'delivery.rev': rev })
      .project<Pick<JournalDocument, '_id'>>({ _id: 1 })
      .toArray()
    return new Set(won.map(({ _id }) => _id))
  }

  /**
   * Applies `step` to the delivery of each entry, reading again where another writer was faster.
   */
  const change = async (entries: ReadonlyMap<string, ActorRef>, step: Step): Promise<boolean> => {
    let changed = false
    let left = new Map(entries)
    for (let round = 0; left.size > 0; round += 1) {
      if (round === changeRoundsMax) throw new Error('a delivery kept changing under our hands')
      const documents = await read(collections, left)
      const changes = documents.flatMap(({ _id, actor, delivery }) =>
        delivery === undefined ? [] : changeBy(step, { _id, actor, before: delivery }),
      )
      const won = await write(changes)
      changed ||= won.size > 0
      const lost = changes.filter(({ _id }) => !won.has(_id))
      left = new Map(lost.map(({ _id, actor }) => [_id, actor]))
    }
    return changed
  }

  /** As `change`, without a read where this store wrote last. */
  const changeHeld = async (entries: ReadonlyMap<string, ActorRef>, step: Step): Promise<void> => {
    const left = new Map(entries)
    const changes: Change[] = []
    for (const [_id, actor] of entries) {
      const before = held.take(_id)
      if (before === null) continue
      const own = changeBy(step, { _id, actor, before })
      changes.push(...own)
      if (own.length === 0) held.add(_id, before)
      left.delete(_id)
    }
    const won = await write(changes)
    for (const { _id, actor } of changes) if (!won.has(_id)) left.set(_id, actor)
    await change(left, step)
  }

  return {
    change,

    async claim({ now, limit, leaseMs, lane }: Claim): Promise<ClaimedEffect[]> {
      const lease = { holder, now, endsAt: plusMs(now, leaseMs) }
      const claims: ClaimedEffect[] = []
      for (let round = 0; round < claimRoundsMax && claims.length < limit; round += 1) {
        const candidates = await due(collections, { now, limit: limit - claims.length, lane })
        const picked = candidates.map((candidate) => pickOf(candidate, lease))
        const won = await write(picked.map((pick) => pick.change))
        const ours = picked.flatMap((pick) => (won.has(pick.change._id) ? pick.claims : []))
        claims.push(...ours.sort((a, b) => a.rank - b.rank).map(({ claim }) => claim))
        if (won.size === picked.length) break
      }
      return claims
    },

    async settle(settlements: readonly Settlement[], firstOrder: number): Promise<void> {
      const byEntry = groupBy(settlements, ({ id }) => entryIdOf(id))
      const orders = new Map(settlements.map(({ id }, n) => [id, firstOrder + n]))
      await changeHeld(entriesOf(settlements.map(({ id }) => id)), (delivery, id) => {
        let next = delivery
        for (const settlement of byEntry.get(id) ?? []) {
          const order = orders.get(settlement.id) ?? firstOrder
          next = settled(next, settlement, { holder, order })
        }
        return next
      })
    },

    async bringForward(now: Instant, aheadMs: number): Promise<number> {
      const farthest = plusMs(now, aheadMs)
      const found = await Promise.all(
        lanes.map((lane) =>
          journal
            .find({ [dueField[lane]]: { $gt: farthest, $exists: true } })
            .project<Pick<JournalDocument, '_id' | 'actor'>>({ _id: 1, actor: 1 })
            .limit(1_000)
            .toArray(),
        ),
      )
      const entries = new Map(found.flat().map(({ _id, actor }) => [_id, actor]))
      await change(entries, (delivery) => broughtForward(delivery, now, farthest))
      return entries.size
    },

    async nextClaimAt(): Promise<Instant | null> {
      const firsts = await Promise.all(
        lanes.map(async (lane) => {
          const field = dueField[lane]
          const first = await journal
            .find({ [field]: { $exists: true } })
            .sort({ [field]: 1 })
            .limit(1)
            .project<Pick<JournalDocument, 'delivery'>>({ [field]: 1 })
            .next()
          const { internalDueAt, externalDueAt } = first?.delivery ?? {}
          return (lane === 'internal' ? internalDueAt : externalDueAt) ?? null
        }),
      )
      return earliest(firsts.filter((at) => at !== null))
    },

    async effectsOf(place: Place): Promise<EffectStanding[]> {
      const document = await journal.findOne(
        { _id: entryId(place), actor: place.actor },
        { projection: { actor: 1, effects: 1, delivery: 1 } },
      )
      return document === null ? [] : standingsOf(document)
    },
  }
}

function changeBy(step: Step, one: Omit<Change, 'after'>): Change[] {
  const after = step(one.before, one._id)
  return after === one.before ? [] : [{ ...one, after }]
}

function placeOf({ _id, actor }: Pick<Change, '_id' | 'actor'>): Place {
  return { actor, seq: Number(_id.slice(actor.length + 1)) }
}

function standingsOf(document: Pick<JournalDocument, '_id' | 'effects' | 'delivery'>) {
  const { delivery } = document
  const result = (id: EffectId) => {
    const one = delivery?.results?.find((other) => other.id === id)
    return one === undefined ? null : restored(one.result, () => `the delivery of ${document._id}`)
  }
  return effectsOf(document).map(({ id }): EffectStanding => {
    const open = delivery?.open.find((one) => one.id === id)
    if (open !== undefined) {
      const { lastError, at: dueAt } = open
      return { id, standing: 'open', result: null, lastError, dueAt, ...retriedOf(open) }
    }
    const item = delivery?.parked.find((one) => one.id === id)
    if (item !== undefined) {
      const lastError = item.error
      return { id, standing: 'parked', result: null, lastError, dueAt: null, ...retriedOf(item) }
    }
    return { id, standing: 'done', result: result(id), lastError: null, dueAt: null }
  })
}

function retriedOf({ retried }: EffectTries): Pick<EffectStanding, 'retried'> {
  return retried === undefined ? {} : { retried }
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

async function read({ journal }: Collections, entries: ReadonlyMap<string, ActorRef>) {
  if (entries.size === 0) return []
  return journal
    .find({ _id: { $in: [...entries.keys()] }, actor: { $in: [...new Set(entries.values())] } })
    .project<DeliveryDocument>({ actor: 1, delivery: 1 })
    .toArray()
}
