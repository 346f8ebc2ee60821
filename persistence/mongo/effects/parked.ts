import type { Page, PageRequest, ParkedItem } from '../../../actors/ports.ts'
import type { ActorRef, EffectId } from '../../../values/ids.ts'
import type { Instant } from '../../../values/instant.ts'
import { UnreadableDocument } from '../../errors.ts'
import { listByNumber } from '../../pages.ts'
import { entryIdOf, isEffectId } from '../../stored-json.ts'
import { type createDeliveries, entriesOf } from './deliveries.ts'
import { parked, unparked } from './delivery.ts'
import type {
  Collections,
  JournalDocument,
  ParkedDocument,
  ParkedEffect,
} from '../documents/documents.ts'
import { effectsOf, restoredEnvelope, storedEnvelope } from '../documents/entries.ts'
import { lowerFence, raiseFence } from './fences.ts'
import { restoredText, storedText } from '../documents/stored.ts'

/** A parked item with its place among all. */
interface OrderedItem {
  readonly order: number
  readonly item: ParkedItem
}

export function createParked(
  collections: Collections,
  deliveries: Pick<ReturnType<typeof createDeliveries>, 'change'>,
) {
  const { journal, parked: envelopes, counters } = collections

  /** Reserves `count` places after all others; returns the first. */
  const takeOrders = async (count: number): Promise<number> => {
    const counter = await counters.findOneAndUpdate(
      { _id: 'parked' },
      { $inc: { value: count } },
      { upsert: true, returnDocument: 'after' },
    )
    if (counter === null) throw new UnreadableDocument('the counter of what is parked')
    return counter.value - count + 1
  }

  const parkEnvelope = async (item: ParkedItem, order: number): Promise<void> => {
    await envelopes.updateOne(
      { _id: item.id },
      { $set: parkedFields(item), $setOnInsert: { order } },
      { upsert: true },
    )
    await raiseFence(collections, item.actor)
  }

  const parkedEffect = async (id: EffectId): Promise<ParkedItem | null> => {
    const document = await journal.findOne({ _id: entryIdOf(id) })
    const effect = document?.delivery?.parked.find((one) => one.id === id)
    return document && effect ? placedEffect(document, effect).item : null
  }

  return {
    takeOrders,

    async park(item: ParkedItem): Promise<void> {
      const { id, parkedAt: at, error } = item
      if (item.kind === 'envelope') return parkEnvelope(item, await takeOrders(1))
      if (!isEffectId(id)) return
      const order = await takeOrders(1)
      await deliveries.change(entriesOf([id]), (delivery) =>
        parked(delivery, { id, at, error, order }),
      )
    },

    async unpark(id: string, at: Instant, by: string): Promise<boolean> {
      const envelope = await envelopes.findOneAndDelete({ _id: id })
      if (envelope !== null) {
        await lowerFence(collections, envelope.actor)
        return true
      }
      if (!isEffectId(id)) return false
      return deliveries.change(entriesOf([id]), (delivery) => unparked(delivery, id, { at, by }))
    },

    async parked(page: PageRequest): Promise<Page<ParkedItem>> {
      const list = listByNumber('parked')
      const after = list.after(page) ?? 0
      const [effects, others] = await Promise.all([
        effectsAfter(collections, after, page.limit + 1),
        envelopes
          .find({ order: { $gt: after } })
          .sort({ order: 1 })
          .limit(page.limit + 1)
          .toArray(),
      ])
      const all = [...effects, ...others.map(placedEnvelope)].sort((a, b) => a.order - b.order)
      const { items, cursor } = list.page(all, page.limit, ({ order }) => order)
      return { items: items.map(({ item }) => item), cursor }
    },

    async parkedItem(id: string): Promise<ParkedItem | null> {
      const envelope = await envelopes.findOne({ _id: id })
      if (envelope) return placedEnvelope(envelope).item
      return isEffectId(id) ? parkedEffect(id) : null
    },

    async parkedEnvelope(actor: ActorRef): Promise<ParkedItem | null> {
      const oldest = await envelopes.find({ actor }).sort({ order: 1 }).limit(1).next()
      return oldest && placedEnvelope(oldest).item
    },

    async parkedAmong(actors: readonly ActorRef[]): Promise<ReadonlyMap<ActorRef, string>> {
      const found = await envelopes
        .find({ actor: { $in: [...actors] } })
        .sort({ order: -1 })
        .project<Pick<ParkedDocument, '_id' | 'actor'>>({ actor: 1 })
        .toArray()
      // The last one to be put is the oldest.
      return new Map(found.map(({ actor, _id }) => [actor, _id]))
    },
  }
}

/** A parked envelope as it is stored, but for its id and its place. */
export function parkedFields({ actor, parkedAt, error, envelope }: ParkedItem) {
  return {
    actor,
    parkedAt,
    error: storedText(error),
    envelope: envelope && storedEnvelope(envelope, actor),
  }
}

export function placedEnvelope(document: ParkedDocument): OrderedItem {
  const { _id: id, order, actor, parkedAt } = document
  const what = () => `the parked envelope ${id}`
  const error = restoredText(document.error, what)
  const envelope = document.envelope && restoredEnvelope(document.envelope, actor, what)
  return { order, item: { id, kind: 'envelope', actor, error, parkedAt, effect: null, envelope } }
}

function placedEffect(
  document: Pick<JournalDocument, '_id' | 'actor' | 'effects'>,
  { id, place, error, parkedAt, order, retried }: ParkedEffect,
): OrderedItem {
  const effect = effectsOf(document)[place]
  if (effect === undefined) throw new UnreadableDocument(`the delivery of ${document._id}`)
  const { actor } = document
  const item = { id, kind: 'effect', actor, error, parkedAt, effect, envelope: null } as const
  return { order, item: { ...item, ...(retried && { retried }) } }
}

async function effectsAfter({ journal }: Collections, after: number, limit: number) {
  const found = await journal
    .aggregate<Pick<JournalDocument, '_id' | 'actor' | 'effects'> & { parked: ParkedEffect }>([
      { $match: { 'delivery.parked.order': { $gt: after, $exists: true } } },
      { $project: { actor: 1, effects: 1, parked: '$delivery.parked' } },
      { $unwind: '$parked' },
      { $match: { 'parked.order': { $gt: after } } },
      { $sort: { 'parked.order': 1 } },
      { $limit: limit },
    ])
    .toArray()
  return found.map((document) => placedEffect(document, document.parked))
}
