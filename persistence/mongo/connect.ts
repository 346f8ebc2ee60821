import { type Db, MongoClient, type MongoClientOptions } from 'mongodb'
import { UnknownFormat } from '../errors.ts'
import { checkDurability, databaseIn } from './address.ts'
import { type Collections, collectionsOf, prepareIndexes } from './documents.ts'
import { unavailable } from './failures.ts'

/** A connected database with its collections and indexes ready. */
export interface MongoHome {
  readonly client: MongoClient
  readonly db: Db
  readonly collections: Collections
}

const formatKnown = 2

/** What is acknowledged is on the disks of a majority, and only such a thing is read. */
const options: MongoClientOptions = {
  appName: 'tenure',
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: 20_000 },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  retryWrites: true,
  retryReads: true,
  // The driver would store undefined as null.
  ignoreUndefined: true,
}

/** What the address may set otherwise. */
const timeouts = {
  serverSelectionTimeoutMS: 5000,
  connectTimeoutMS: 5000,
  socketTimeoutMS: 60_000,
}

function timeoutsBeside(uri: string): MongoClientOptions {
  return Object.fromEntries(Object.entries(timeouts).filter(([name]) => !uri.includes(`${name}=`)))
}

/**
 * Connects to the replica set or sharded cluster of `uri`, in the database that it names (`tenure` if none).
 * Throws `StoreUnavailable` if no primary answers within 5 s, `UnknownFormat` for a database of another format.
 */
export async function connectMongo(uri: string): Promise<MongoHome> {
  checkDurability(uri)
  const client = new MongoClient(uri, { ...timeoutsBeside(uri), ...options })
  try {
    const db = client.db(databaseIn(uri))
    const collections = collectionsOf(db)
    await checkFormat(collections, db.databaseName)
    await prepareIndexes(collections)
    return { client, db, collections }
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
