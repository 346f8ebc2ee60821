import { type Db, MongoClient, type MongoClientOptions } from 'mongodb'
import { UnknownFormat } from '../errors.ts'
import { createPacker } from '../text-packer.ts'
import { checkDurability, databaseIn } from './connection/address.ts'
import { type Patience, timeOutsBeside } from './connection/time-outs.ts'
import { type Collections, collectionsOf, prepareIndexes } from './documents/documents.ts'
import { unavailable } from './failures.ts'

/** A connected database with its collections and indexes ready. */
export interface MongoHome {
  readonly client: MongoClient
  readonly db: Db
  readonly collections: Collections
}

const formatKnown = 4

/** What is acknowledged is on the disks of a majority, and only such a thing is read. */
const options: MongoClientOptions = {
  appName: 'tenure',
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: 8_000 },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  retryWrites: true,
  retryReads: true,
  // The driver would store undefined as null.
  ignoreUndefined: true,
}

/**
 * Connects to the replica set or sharded cluster of `uri`, in the database that it names (`tenure`
 * if none). Throws `StoreUnavailable` if no primary answers within seconds, `UnknownFormat` for a
 * database of another format, `DurabilityWeakened` for an address that would weaken it.
 */
export async function connectMongo(
  uri: string,
  packer = createPacker([]),
  patience: Patience = 'serving',
): Promise<MongoHome> {
  checkDurability(uri)
  // Making an index on many documents may take minutes.
  await withClient(uri, 'upkeep', async (client) => {
    const db = client.db(databaseIn(uri))
    const collections = collectionsOf(db, packer)
    await checkFormat(collections, db.databaseName)
    await prepareIndexes(collections)
    await client.close()
  })
  return withClient(uri, patience, async (client) => {
    await client.connect()
    const db = client.db(databaseIn(uri))
    const { socketTimeoutMS } = client.options
    return { client, db, collections: collectionsOf(db, packer, 1.2 * socketTimeoutMS) }
  })
}

async function withClient<T>(
  uri: string,
  patience: Patience,
  work: (client: MongoClient) => Promise<T>,
): Promise<T> {
  const client = new MongoClient(uri, { ...timeOutsBeside(uri, patience), ...options })
  try {
    return await work(client)
  } catch (error) {
    await client.close()
    throw unavailable(error)
  }
}

async function checkFormat({ counters }: Collections, database: string): Promise<void> {
  for (const [_id, value] of [
    ['format', formatKnown],
    ['parked', 0],
    ['pings', 0],
  ] as const) {
    await counters.updateOne({ _id }, { $setOnInsert: { value } }, { upsert: true })
  }
  const found = (await counters.findOne({ _id: 'format' }))?.value ?? formatKnown
  if (found !== formatKnown) {
    throw new UnknownFormat(`the database ${database}`, { found, known: formatKnown })
  }
}
