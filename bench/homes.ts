import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../actors/ports.ts'
import { openStore } from '../persistence/open.ts'

/** A store to be measured, and the same database without a store: rows of bytes, a group a commit. */
export interface Home {
  readonly name: string
  readonly store: Store
  /** Writes each group durably before the next, as the store does, one row for each text. */
  insertRaw(groups: readonly (readonly string[])[]): Promise<void>
  /** Removes all that was made. */
  remove(): Promise<void>
}

/** The embedded file in a folder of its own, on the disk of the temporary folder. */
export async function openFileHome(): Promise<Home> {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-bench-'))
  const opened = await openStore({ mongodbUri: null, path: join(folder, 'tenure.db') })
  // A file of its own, so that its log and its tree are as small as they can be.
  const raw = await openStore({ mongodbUri: null, path: join(folder, 'raw.db') })
  if (raw.home !== 'embedded') throw new Error('the embedded file opened as something else')
  const { database } = raw
  database.exec('CREATE TABLE raw (n INTEGER PRIMARY KEY, bytes TEXT NOT NULL) STRICT')
  return {
    name: 'embedded file',
    store: opened.store,
    insertRaw(groups) {
      for (const group of groups) {
        database.transaction(() => {
          for (const bytes of group) database.run('INSERT INTO raw (bytes) VALUES (?)', [bytes])
        })
      }
      return Promise.resolve()
    },
    async remove() {
      await opened.store.close()
      await raw.store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A database of its own at this MongoDB, dropped afterwards. */
export async function openMongoHome(uri: string): Promise<Home> {
  const parts = /^(mongodb(?:\+srv)?:\/\/[^/?]*)(?:\/[^?]*)?(\?.*)?$/.exec(uri)
  if (parts === null) throw new RangeError('MONGODB_URI is no address of a MongoDB')
  const mongodbUri = `${parts[1]}/tenure_bench_${process.pid}${parts[2] ?? ''}`
  const opened = await openStore({ mongodbUri, path: '' })
  if (opened.home !== 'mongo') throw new Error('MongoDB opened as something else')
  const { db, store } = opened
  const raw = db.collection('raw')
  return {
    name: 'MongoDB',
    store,
    async insertRaw(groups) {
      for (const group of groups) {
        await raw.insertMany(
          group.map((bytes) => ({ bytes })),
          { ordered: false },
        )
      }
    },
    async remove() {
      await db.dropDatabase()
      await store.close()
    },
  }
}
