import type { Db } from 'mongodb'
import type { Transferable } from './copy.ts'
import type { Database } from './embedded/driver.ts'
import { openFile } from './embedded/file.ts'
import { createIdentity } from './embedded/identity.ts'
import { createEmbeddedStore } from './embedded/store.ts'
import { createTransfer as createFileTransfer } from './embedded/transfer.ts'
import type { IdentityKeeper } from './identity.ts'
import { connectMongo } from './mongo/connect.ts'
import type { Patience } from './mongo/connection/time-outs.ts'
import { createIdentity as createMongoIdentity } from './mongo/identity.ts'
import { createMongoStore } from './mongo/store.ts'
import { createTransfer as createMongoTransfer } from './mongo/transfer.ts'
import { createPacker, type TextPacker } from './text-packer.ts'

/**
 * A store, and the database under it for what shares it (the scheduler). Closing the store closes
 * both.
 */
export type OpenedStore = Transferable &
  IdentityKeeper &
  (
    | { readonly home: 'embedded'; readonly database: Database }
    | { readonly home: 'mongo'; readonly db: Db }
  )

export interface StoreLocation {
  /** Where MongoDB is; null for the embedded file. */
  readonly mongodbUri: string | null
  /**
   * The embedded file, made if it is missing; `:memory:` for one that is gone when it is closed.
   */
  readonly path: string
  /**
   * What long texts are packed with, the newest last: with what the texts of its caller repeat. All
   * that ever were given, for what they packed is read with them.
   */
  readonly dictionaries: readonly string[]
  /** By default `serving`. */
  readonly patience?: Patience
}

/**
 * Opens the one or the other. Throws `StoreUnavailable` if no MongoDB answers, `StoreOwned` if
 * another process has the file, `UnknownFormat` if a newer release wrote it.
 */
export async function openStore({
  mongodbUri,
  path,
  dictionaries,
  patience,
}: StoreLocation): Promise<OpenedStore> {
  const packer = createPacker(dictionaries)
  return mongodbUri === null ? openEmbedded(path, packer) : openMongo(mongodbUri, packer, patience)
}

function openEmbedded(path: string, packer: TextPacker): OpenedStore {
  const file = openFile(path)
  try {
    const store = createEmbeddedStore(file, packer)
    const { database } = file
    const transfer = createFileTransfer({ database, packer })
    return { home: 'embedded', store, transfer, database, ...createIdentity(database) }
  } catch (error) {
    file.close()
    throw error
  }
}

async function openMongo(
  uri: string,
  packer: TextPacker,
  patience?: Patience,
): Promise<OpenedStore> {
  const home = await connectMongo(uri, packer, patience)
  const transfer = createMongoTransfer(home.collections)
  const store = createMongoStore(home)
  return { home: 'mongo', store, transfer, db: home.db, ...createMongoIdentity(home.db) }
}
