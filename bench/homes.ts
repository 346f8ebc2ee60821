import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BSON, type Db } from 'mongodb'
import type { Store } from '../actors/ports.ts'
import { dictionaries } from '../app/dictionaries.ts'
import { openStore } from '../persistence/open.ts'
import { watchTraffic, type Traffic } from './traffic.ts'

export type HomeName = 'embedded' | 'mongo'

/**
 * A store to be measured, and the same database without a store: rows of bytes, a group a commit.
 */
export interface Home {
  readonly name: HomeName
  readonly store: Store
  /** Writes each group durably before the next, as the store does, one row for each text. */
  insertRaw(groups: readonly (readonly string[])[]): Promise<void>
  /** What the journal's documents take, in bytes, without indexes. */
  journalBytes(): Promise<number>
  /** What this process has asked of the database's server; null where there is none. */
  readonly traffic: (() => Traffic) | null
  /** Removes all that was made. */
  remove(): Promise<void>
}

/** The embedded file in a folder of its own, on the disk of the temporary folder. */
export async function openFileHome(): Promise<Home> {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-bench-'))
  const opened = await openStore({
    mongodbUri: null,
    path: join(folder, 'tenure.db'),
    dictionaries,
  })
  // A file of its own, so that its log and its tree are as small as they can be.
  const raw = await openStore({
    mongodbUri: null,
    path: join(folder, 'raw.db'),
    dictionaries: [],
  })
  if (raw.home !== 'embedded' || opened.home !== 'embedded')
    throw new Error('the embedded file opened as something else')
  const { database } = raw
  database.exec('CREATE TABLE raw (n INTEGER PRIMARY KEY, bytes TEXT NOT NULL) STRICT')
  const sizeOf = `SELECT sum(length(CAST(document AS BLOB)) + ifnull(length(packed), 0)) AS bytes
    FROM entries`
  return {
    name: 'embedded',
    store: opened.store,
    insertRaw(groups) {
      for (const group of groups) {
        database.transaction(() => {
          for (const bytes of group) database.run('INSERT INTO raw (bytes) VALUES (?)', [bytes])
        })
      }
      return Promise.resolve()
    },
    journalBytes: () => Promise.resolve(Number(opened.database.get(sizeOf)?.['bytes'] ?? 0)),
    traffic: null,
    async remove() {
      await opened.store.close()
      await raw.store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

let databases = 0

/** A database of its own at this MongoDB, dropped afterwards. */
export async function openMongoHome(uri: string): Promise<Home> {
  const parts = /^(mongodb(?:\+srv)?:\/\/[^/?]*)(?:\/[^?]*)?(\?.*)?$/.exec(uri)
  if (parts === null) throw new RangeError('MONGODB_URI is no address of a MongoDB')
  databases += 1
  const query = `${parts[2] ?? '?'}&monitorCommands=true`.replace('?&', '?')
  const mongodbUri = `${parts[1]}/tenure_bench_${process.pid}_${databases}${query}`
  const opened = await openStore({ mongodbUri, path: '', dictionaries })
  if (opened.home !== 'mongo') throw new Error('MongoDB opened as something else')
  const { db, store } = opened
  const raw = db.collection('raw')
  return {
    name: 'mongo',
    store,
    async insertRaw(groups) {
      for (const group of groups) {
        await raw.insertMany(
          group.map((bytes) => ({ bytes })),
          { ordered: false },
        )
      }
    },
    journalBytes: () => bytesOf(db, 'journal'),
    traffic: watchTraffic(db.client),
    async remove() {
      await db.dropDatabase()
      await store.close()
    },
  }
}

async function bytesOf(db: Db, collection: string): Promise<number> {
  let bytes = 0
  for await (const document of db.collection(collection).find())
    bytes += BSON.calculateObjectSize(document)
  return bytes
}
