import type { Entry } from '../../actors/journal/journal.ts'
import { laneOf } from '../../actors/delivery/lanes.ts'
import type { TextPacker } from '../text-packer.ts'
import { entryIdOf } from '../stored-json.ts'
import type { DeliveryRecord, EntryRecord, Transfer, WrittenRecord } from '../transfer.ts'
import { withDueAt } from './effects/delivery.ts'
import type {
  Collections,
  Delivery,
  JournalDocument,
  ParkedDocument,
  RequestDocument,
  EffectTries,
} from './documents/documents.ts'
import { createFold, documentOf } from './documents/entries.ts'
import { entriesAlone } from './documents/head-index.ts'
import { raiseFence } from './effects/fences.ts'
import { parkedFields, placedEnvelope } from './effects/parked.ts'
import { restored, stored } from './documents/stored.ts'

const batchDocuments = 500

export function createTransfer(collections: Collections): Transfer {
  const { journal, parked, requests, counters, packer } = collections
  return {
    async isEmpty() {
      const found = await Promise.all([journal.findOne(), parked.findOne(), requests.findOne()])
      return found.every((document) => document === null)
    },
    async *readEntries() {
      const cursor = journal
        .find({ seq: entriesAlone })
        .sort({ actor: 1, seq: 1 })
        .batchSize(batchDocuments)
      const fold = createFold(packer)
      for await (const documents of batches(cursor)) {
        yield documents.map((document) => recordOf(document, fold.entryOf(document)))
      }
    },
    async *readParked() {
      const cursor = parked.find().sort({ order: 1 }).batchSize(batchDocuments)
      for await (const documents of batches(cursor)) {
        yield documents.map(placedEnvelope)
      }
    },
    async *readRequests() {
      const cursor = requests.find().sort({ _id: 1 }).batchSize(batchDocuments)
      for await (const documents of batches(cursor)) {
        yield documents.map(({ _id: key, bodyHash, beganAt, answer }) => ({
          key,
          bodyHash,
          beganAt,
          answer: answer && restored(answer, () => `the answer to the request ${key}`),
        }))
      }
    },
    async writeEntries(records) {
      await journal.insertMany(
        records.map((record) => writtenDocument(record, packer)),
        { ordered: false },
      )
      const orders = records.flatMap(({ deliveries }) =>
        deliveries.map(({ parkedOrder }) => parkedOrder ?? 0),
      )
      await raise(counters, orders)
    },
    async writeParked(records) {
      const documents = records.map(({ order, item }): ParkedDocument => ({
        _id: item.id,
        order,
        ...parkedFields(item),
      }))
      await parked.insertMany(documents, { ordered: false })
      for (const { actor } of documents) await raiseFence(collections, actor)
      await raise(
        counters,
        records.map(({ order }) => order),
      )
    },
    async writeRequests(records) {
      const documents = records.map(({ key, bodyHash, beganAt, answer }): RequestDocument => ({
        _id: key,
        bodyHash,
        beganAt,
        answer: answer && stored(answer),
      }))
      await requests.insertMany(documents, { ordered: false })
    },
  }
}

async function* batches<T>(documents: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  let batch: T[] = []
  for await (const document of documents) {
    batch.push(document)
    if (batch.length < batchDocuments) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** Places given from now on come after these. */
async function raise(counters: Collections['counters'], orders: readonly number[]): Promise<void> {
  const value = orders.reduce((most, order) => Math.max(most, order), 0)
  if (value > 0) await counters.updateOne({ _id: 'parked' }, { $max: { value } }, { upsert: true })
}

function recordOf({ _id, delivery }: JournalDocument, entry: Entry): EntryRecord {
  const { open = [], parked = [], results = [] } = delivery ?? {}
  const tried = ({ id, tries, attempt, firstTriedAt, retried }: EffectTries) => ({
    id,
    tries,
    attempt,
    firstTriedAt,
    ...(retried && { retried }),
  })
  const deliveries: readonly DeliveryRecord[] = [
    ...open.map((one) => ({ ...tried(one), error: one.lastError, at: one.at, parkedOrder: null })),
    ...parked.map((one) => ({
      ...tried(one),
      error: one.error,
      at: one.parkedAt,
      parkedOrder: one.order,
    })),
  ]
  return {
    entry,
    deliveries,
    results: results.map(({ id, result }) => ({
      id,
      result: restored(result, () => `the delivery of ${_id}`),
    })),
  }
}

function writtenDocument(record: WrittenRecord, packer: TextPacker): JournalDocument {
  const delivery = record.entry.effects.length > 0 && { delivery: deliveryOf(record) }
  return { ...documentOf(record, packer), ...delivery }
}

function deliveryOf({ entry, deliveries: records, results }: EntryRecord): Delivery {
  const tried = ({ id, tries, attempt, firstTriedAt, retried }: DeliveryRecord): EffectTries => {
    const place = entry.effects.findIndex((effect) => effect.id === id)
    const effect = entry.effects[place]
    if (effect === undefined) throw new RangeError(`${entryIdOf(id)} has no effect ${id}`)
    const lane = laneOf(effect)
    return { id, place, lane, tries, attempt, firstTriedAt, ...(retried && { retried }) }
  }
  return withDueAt({
    rev: 'copied',
    ...(results.length > 0 && {
      results: results.map(({ id, result }) => ({ id, result: stored(result) })),
    }),
    open: records
      .filter(({ parkedOrder }) => parkedOrder === null)
      .map((one) => ({ ...tried(one), at: one.at, holder: null, lastError: one.error })),
    parked: records.flatMap((one) =>
      one.parkedOrder === null
        ? []
        : [{ ...tried(one), error: one.error ?? '', parkedAt: one.at, order: one.parkedOrder }],
    ),
  })
}
