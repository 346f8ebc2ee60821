import { randomBytes } from 'node:crypto'
import { StoreClosed } from '../../actors/port-errors.ts'
import type { Store } from '../../actors/ports.ts'
import { checkCommit } from '../checked.ts'
import { createAppend } from './journal/append.ts'
import { createMarks } from './views/applied-marks.ts'
import type { MongoHome } from './connect.ts'
import { createDeliveries } from './effects/deliveries.ts'
import { unavailable } from './failures.ts'
import { createForgetting } from './journal/forget.ts'
import { createHeadIndex } from './documents/head-index.ts'
import { healAll } from './heal.ts'
import { createHeldDeliveries } from './effects/held.ts'
import { createJournal } from './journal/journal.ts'
import { createParked } from './effects/parked.ts'
import { rebuildAll } from './views/rebuild.ts'
import { createRequests } from './requests.ts'
import { createTimers } from './timers.ts'
import { createViews } from './views/views.ts'

/** The store over a connected database; closing it closes the client. */
export function createMongoStore({ client, collections }: MongoHome): Store {
  const gate = createGate()
  const call = <T>(work: () => Promise<T>): Promise<T> => gate.pass(work)
  const known = createHeadIndex(collections)
  const marks = createMarks(collections)
  const journal = createJournal(collections, known)
  const held = createHeldDeliveries()
  const holder = randomBytes(9).toString('base64url')
  const append = createAppend({ collections, known, marks, held, holder })
  const deliveries = createDeliveries({ collections, held, marks, holder })
  const parked = createParked(collections, deliveries)
  const timers = createTimers(collections)
  const views = createViews(collections)
  const requests = createRequests(collections)
  const forget = createForgetting(collections, known)
  return {
    append: (commits, lease = null) =>
      call(() => {
        for (const commit of commits) checkCommit(commit)
        return append(commits, lease)
      }),
    newestSeqs: (actors) => call(() => journal.newestSeqs(actors)),
    standings: (actors) => call(() => journal.standings(actors)),
    head: (actor) => call(() => journal.head(actor)),
    entry: (actor, seq) => call(() => journal.entry(actor, seq)),
    entryAt: (actor, at) => call(() => journal.entryAt(actor, at)),
    seqsOf: (actor, ids) => call(() => journal.seqsOf(actor, ids)),
    history: (actor, page) => call(() => journal.history(actor, page)),
    actors: (type, page, idPrefix) => call(() => journal.actors(type, page, idPrefix)),
    forget: (type, before, limit) => call(() => forget(type, before, limit)),

    claim: (now, limit, leaseMs, lane) =>
      call(() => deliveries.claim({ now, limit, leaseMs, lane })),
    settle: (settlements) =>
      call(async () => {
        if (settlements.length === 0) return
        const parking = settlements.filter(({ outcome }) => outcome === 'parked').length
        const order = parking === 0 ? 0 : await parked.takeOrders(settlements.length)
        await deliveries.settle(settlements, order)
      }),
    bringForward: (now, aheadMs) => call(() => deliveries.bringForward(now, aheadMs)),
    nextClaimAt: () => call(() => deliveries.nextClaimAt()),
    effectsOf: (actor, seq) => call(() => deliveries.effectsOf({ actor, seq })),

    park: (item) => call(() => parked.park(item)),
    parked: (page) => call(() => parked.parked(page)),
    parkedItem: (id) => call(() => parked.parkedItem(id)),
    parkedEnvelope: (actor) => call(() => parked.parkedEnvelope(actor)),
    parkedAmong: (actors) => call(() => parked.parkedAmong(actors)),
    unpark: (id, at, by) => call(() => parked.unpark(id, at, by)),

    dueTimers: (now, limit) => call(() => timers.dueTimers(now, limit)),
    nextTimerAt: () => call(() => timers.nextTimerAt()),
    armedTimerNames: () => call(() => timers.armedTimerNames()),

    viewRow: (view, key) => call(() => views.viewRow(view, key)),
    viewRows: (view, prefix, page) => call(() => views.viewRows(view, prefix, page)),
    rebuild: (project, progress) =>
      call(() => rebuildAll({ collections, marks }, project, progress)),
    heal: (project) => call(() => healAll({ collections, marks }, project)),

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
      await marks.flush()
      await client.close()
    },
  }
}

/**
 * Turns calls away once it is closed, and says in the port's words what the driver says in its own.
 */
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
