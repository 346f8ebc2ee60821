import { laneOf } from '../../actors/lanes.ts'
import { entryIdOf, jsonText, readObject, readParked } from '../stored-json.ts'
import type { DeliveryRecord, EntryRecord, Transfer } from '../transfer.ts'
import { withDueAt } from './delivery.ts'
import type {
  Collections,
  Delivery,
  JournalDocument,
  ParkedDocument,
  RequestDocument,
  Tried,
} from './documents.ts'
import { entryOf } from './journal.ts'
import { entryId } from './known.ts'

const batchDocuments = 500

export function createTransfer(collections: Collections): Transfer {
  const { journal, parked, requests, counters } = collections
  return {
    async isEmpty() {
      const found = await Promise.all([journal.findOne(), parked.findOne(), requests.findOne()])
      return found.every((document) => document === null)
    },
    async *readEntries() {
      const cursor = journal.find().sort({ actor: 1, seq: 1 }).batchSize(batchDocuments)
      for await (const documents of batches(cursor)) yield documents.map(recordOf)
    },
    async *readParked() {
      const cursor = parked.find().sort({ order: 1 }).batchSize(batchDocuments)
      for await (const documents of batches(cursor)) {
        yield documents.map(({ _id, order, item }) => ({
          order,
          item: readParked(item, () => `the parked envelope ${_id}`),
        }))
      }
    },
    async *readRequests() {
      const cursor = requests.find().sort({ _id: 1 }).batchSize(batchDocuments)
      for await (const documents of batches(cursor)) {
        yield documents.map(({ _id: key, bodyHash, beganAt, answer }) => ({
          key,
          bodyHash,
          beganAt,
          answer:
            answer === null ? null : readObject(answer, () => `the answer to the request ${key}`),
        }))
      }
    },
    async writeEntries(records) {
      await journal.insertMany(records.map(documentOf), { ordered: false })
      const orders = records.flatMap(({ deliveries }) =>
        deliveries.map(({ parkedOrder }) => parkedOrder ?? 0),
      )
      await raise(counters, orders)
    },
    async writeParked(records) {
      const documents = records.map(({ order, item }): ParkedDocument => ({
        _id: item.id,
        order,
        actor: item.actor,
        item: jsonText(item),
      }))
      await parked.insertMany(documents, { ordered: false })
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
        answer: answer && jsonText(answer),
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

function recordOf(document: JournalDocument): EntryRecord {
  const { open, parked } = document.delivery ?? { open: [], parked: [] }
  const tried = ({ id, tries, attempt, firstTriedAt }: Tried) => ({
    id,
    tries,
    attempt,
    firstTriedAt,
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
  return { entry: entryOf(document), deliveries }
}

function documentOf({ entry, deliveries }: EntryRecord): JournalDocument {
  const { actor, seq, envelope, committedAt, effects } = entry
  return {
    _id: entryId(entry),
    actor,
    seq,
    envelopeId: envelope.id,
    committedAt,
    entry: jsonText(entry),
    // The rebuild that follows writes the keys of its rows.
    keys: [],
    ...(effects.length > 0 && { delivery: deliveryOf(entry, deliveries) }),
  }
}

function deliveryOf(entry: EntryRecord['entry'], records: readonly DeliveryRecord[]): Delivery {
  const tried = ({ id, tries, attempt, firstTriedAt }: DeliveryRecord): Tried => {
    const place = entry.effects.findIndex((effect) => effect.id === id)
    const effect = entry.effects[place]
    if (effect === undefined) throw new RangeError(`${entryIdOf(id)} has no effect ${id}`)
    return { id, place, lane: laneOf(effect), tries, attempt, firstTriedAt }
  }
  return withDueAt({
    rev: 0,
    by: null,
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
