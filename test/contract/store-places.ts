import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commitOf } from '../../actors/journal/commit-of.ts'
import type { Commit } from '../../actors/journal/journal.ts'
import type { Store } from '../../actors/ports.ts'
import { unappliedDocument } from '../../persistence/mongo/journal/append.ts'
import { type MongoHome, connectMongo } from '../../persistence/mongo/connect.ts'
import { openStore } from '../../persistence/open.ts'
import { inDatabase } from '../mongo.ts'
import {
  type OpenPlace,
  type Place,
  type Heads,
  type TrackingStore,
  testDictionaries,
  tracking,
} from './store-given.ts'

/** A new folder with an embedded file. */
export const embeddedPlace: OpenPlace = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tenure-store-'))
  const location = {
    mongodbUri: null,
    path: join(folder, 'tenure.db'),
    dictionaries: testDictionaries,
  }
  const tracked: Heads = new Map()
  let store = tracking((await openStore(location)).store, tracked)
  return {
    get store() {
      return store
    },
    peer: async () => store,
    async reopen() {
      await store.close()
      store = tracking((await openStore(location)).store, tracked)
      return store
    },
    freesHeld: true,
    location,
    half: null,
    async remove() {
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  } satisfies Place
}

/**
 * Places in this MongoDB, each a database of its own while it is open; emptied, it is lent again,
 * because making collections and indexes takes most of a short test's time. `drop` removes them
 * all.
 */
export function mongoPlaces(uri: string): { open: OpenPlace; drop: () => Promise<void> } {
  const made: string[] = []
  const free: string[] = []
  const open: OpenPlace = async () => {
    let mongodbUri = free.pop()
    if (mongodbUri === undefined) {
      mongodbUri = inDatabase(uri, `tenure_test_${randomUUID().slice(0, 8)}`)
      made.push(mongodbUri)
    }
    return mongoPlace(mongodbUri, free)
  }
  const drop = async () => {
    for (const mongodbUri of made) {
      await inHome(mongodbUri, async ({ db }) => {
        await db.dropDatabase()
      })
    }
  }
  return { open, drop }
}

async function mongoPlace(mongodbUri: string, free: string[]): Promise<Place> {
  const location = { mongodbUri, path: '', dictionaries: testDictionaries }
  const peers: Store[] = []
  const tracked: Heads = new Map()
  let store: TrackingStore = tracking((await openStore(location)).store, tracked)
  const closeAll = async () => {
    await Promise.all([store, ...peers.splice(0)].map((one) => one.close()))
  }
  return {
    get store() {
      return store
    },
    async peer() {
      const peer = tracking((await openStore(location)).store, tracked)
      peers.push(peer)
      return peer
    },
    async reopen() {
      await closeAll()
      store = tracking((await openStore(location)).store, tracked)
      return store
    },
    freesHeld: false,
    location,
    half: async (projected) => {
      const known = tracked.get(projected.entry.actor)
      const follows = known !== undefined && known.entry.seq === projected.entry.seq - 1
      await insertHalf(mongodbUri, commitOf(follows ? known : null, projected))
      tracked.set(projected.entry.actor, projected)
    },
    async remove() {
      await closeAll()
      await inHome(mongodbUri, async ({ db }) => {
        for (const collection of await db.collections()) await collection.deleteMany({})
      })
      free.push(mongodbUri)
    },
  }
}

/** Does something to the database behind the store's back. */
export async function inHome(uri: string, work: (home: MongoHome) => Promise<void>): Promise<void> {
  const home = await connectMongo(uri)
  await work(home)
  await home.client.close()
}

/**
 * The journal's document alone, as it stands when a process dies before what follows from it is
 * written.
 */
async function insertHalf(uri: string, commit: Commit): Promise<void> {
  await inHome(uri, async ({ collections }) => {
    await collections.journal.insertOne(unappliedDocument(commit, collections))
  })
}
