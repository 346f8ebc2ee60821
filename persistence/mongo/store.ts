import { randomUUID } from 'node:crypto'
import { type Store, StoreClosed } from '../../actors/ports.ts'
import { checkCommit } from '../checked.ts'
import { createAppend } from './append.ts'
import type { MongoHome } from './connect.ts'
import { createDeliveries } from './deliveries.ts'
import { unavailable } from './failures.ts'
import { createJournal } from './journal.ts'
import { createKnownEntries } from './known.ts'
import { createMarks } from './marks.ts'
import { createParked } from './parked.ts'
import { healAll, rebuildAll } from './rebuild.ts'
import { createRequests } from './requests.ts'
import { createTimers } from './timers.ts'
import { createViews } from './views.ts'

/** The store over a connected database; closing it closes the client. */
export function createMongoStore({ client, collections }: MongoHome): Store {
  const gate = createGate()
  const call = <T>(work: () => Promise<T>): Promise<T> => gate.pass(work)
  const known = createKnownEntries(collections)
  const marks = createMarks(collections)
  const journal = createJournal(collections, known)
  const append = createAppend({ collections, known, marks })
  const deliveries = createDeliveries(collections, randomUUID())
  const parked = createParked(collections, deliveries)
  const timers = createTimers(collections)
  const views = createViews(collections)
  const requests = createRequests(collections)
  const rebuilding = { collections, known, marks }
  return {
    append: (commits) =>
      call(() => {
        for (const commit of commits) checkCommit(commit)
        return append(commits)
      }),
    head: (actor) => call(() => journal.head(actor)),
    entry: (actor, seq) => call(() => journal.entry(actor, seq)),
    entryAt: (actor, at) => call(() => journal.entryAt(actor, at)),
    seqsOf: (actor, ids) => call(() => journal.seqsOf(actor, ids)),
    history: (actor, page) => call(() => journal.history(actor, page)),
    actors: (type, page) => call(() => journal.actors(type, page)),

    claim: (now, limit, leaseMs, lane) =>
      call(() => deliveries.claim({ now, limit, leaseMs, lane })),
    settle: (settlements) =>
      call(async () => {
        if (settlements.length === 0) return
        const parking = settlements.filter(({ outcome }) => outcome === 'parked').length
        const order = parking === 0 ? 0 : await parked.takeOrders(settlements.length)
        await deliveries.settle(settlements, order)
      }),
    nextClaimAt: () => call(() => deliveries.nextClaimAt()),

    park: (item) => call(() => parked.park(item)),
    parked: (page) => call(() => parked.parked(page)),
    parkedItem: (id) => call(() => parked.parkedItem(id)),
    parkedEnvelope: (actor) => call(() => parked.parkedEnvelope(actor)),
    parkedAmong: (actors) => call(() => parked.parkedAmong(actors)),
    unpark: (id, at) => call(() => parked.unpark(id, at)),

    dueTimers: (now, limit) => call(() => timers.dueTimers(now, limit)),
    nextTimerAt: () => call(() => timers.nextTimerAt()),
    armedTimerNames: () => call(() => timers.armedTimerNames()),

    viewRow: (view, key) => call(() => views.viewRow(view, key)),
    viewRows: (view, prefix, page) => call(() => views.viewRows(view, prefix, page)),
    rebuild: (project, progress) => call(() => rebuildAll(rebuilding, project, progress)),
    heal: (project) => call(() => healAll(rebuilding, project)),

    beginRequest: (key, bodyHash, now, leaseMs) =>
      call(() => requests.beginRequest(key, bodyHash, now, leaseMs)),
    finishRequest: (key, answer) => call(() => requests.finishRequest(key, answer)),
    forgetRequest: (key) => call(() => requests.forgetRequest(key)),
    expireRequests: (before) => call(() => requests.expireRequests(before)),

    ping: () =>
      call(async () => {
        await collections.counters.updateOne({ _id: 'pings' }, { $inc: { value: 1 } })
      }),
    async close() {
      if (!gate.close()) return
      await marks.settled()
      await client.close()
    },
  }
}

/** Turns calls away once it is closed, and says in the port's words what the driver says in its own. */
function createGate() {
  let isOpen = true
  return {
    async pass<T>(work: () => Promise<T>): Promise<T> {
      if (!isOpen) throw new StoreClosed('the store was closed: open it again to use it')
      try {
        return await work()
      } catch (error) {
        throw unavailable(error)
      }
    },
    /** False if it was closed before. */
    close(): boolean {
      const was = isOpen
      isOpen = false
      return was
    },
  }
}
