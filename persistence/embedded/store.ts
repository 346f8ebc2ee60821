import type { Retries } from '../../actors/delivery/retries.ts'
import type { Commit } from '../../actors/journal/journal.ts'
import { StoreClosed, StoreUnavailable } from '../../actors/port-errors.ts'
import type { ParkedItem, Store } from '../../actors/ports.ts'
import { StoreDamaged } from '../../actors/store-damaged.ts'
import { checkCommit } from '../checked.ts'
import { createPacker } from '../text-packer.ts'
import { isEffectId } from '../stored-json.ts'
import { createActors } from './actors.ts'
import { appendCommits } from './append.ts'
import { type Database, sqliteCode } from './driver.ts'
import { bringForward } from './effects/bring-forward.ts'
import { type Claim, claimEffects, freeHeld, isAnyDue, nextClaimAt } from './effects/claims.ts'
import { parkEffect, settleEffects, unparkEffect } from './effects/settlements.ts'
import { effectsOf } from './effects/standings.ts'
import type { OwnedFile } from './file.ts'
import { forgetActors } from './forget.ts'
import { createJournal } from './journal.ts'
import { createParked, listParked, takeParked } from './parked.ts'
import { rebuildAll } from './rebuild.ts'
import { beginRequest, expireRequests, finishRequest, forgetRequest } from './requests.ts'
import { prepareSchema } from './schema.ts'
import { createTimers } from './timers.ts'
import { createViews } from './views.ts'
import { createWriter } from './writer.ts'

/** Actors in one transaction, so that nothing waits long behind it. */
const forgottenAtOnce = 50

/**
 * The store over one file; closing it closes the file. Throws `UnknownFormat` for one that it
 * cannot read.
 */
export function createEmbeddedStore(file: OwnedFile, packer = createPacker([])): Store {
  const { database } = file
  const home = { database, packer }
  prepareSchema(database, 'the embedded file')
  freeHeld(database)
  const writer = createWriter(database, () => file.afterCommit())
  const gate = createGate(file)
  const read = <T>(work: () => T): Promise<T> => gate.pass(async () => work())
  const write = <T>(work: () => T): Promise<T> => gate.pass(() => writer.write(work))
  const actors = createActors(database)
  const journal = createJournal(home)
  const parked = createParked(database)
  const timers = createTimers(database)
  const views = createViews(database)
  return {
    append: (commits, lease = null) =>
      appendChecked(commits, () => write(() => appendCommits(home, commits, lease))),
    newestSeqs: (refs) => read(() => actors.newestSeqs(refs)),
    standings: (refs) =>
      read(() => {
        const among = parked.parkedAmong(refs)
        return new Map(
          refs.map((actor) => [
            actor,
            { head: journal.head(actor), parked: among.get(actor) ?? null },
          ]),
        )
      }),
    head: (actor) => read(() => journal.head(actor)),
    entry: (actor, seq) => read(() => journal.entry(actor, seq)),
    entryAt: (actor, at) => read(() => journal.entryAt(actor, at)),
    seqsOf: (actor, ids) => read(() => journal.seqsOf(actor, ids)),
    history: (actor, page) => read(() => journal.history(actor, page)),
    actors: (type, page, idPrefix) => read(() => actors.actors(type, page, idPrefix)),
    async forget(type, before, limit) {
      let count = 0
      while (count < limit) {
        const next = Math.min(forgottenAtOnce, limit - count)
        const done = await write(() => forgetActors(database, { type, before, limit: next }))
        count += done
        if (done < next) break
      }
      return count
    },

    claim: async (now, limit, leaseMs, lane) => {
      const claim: Claim = { now, limit, leaseMs, lane }
      const isDue = await read(() => isAnyDue(database, claim))
      return isDue ? write(() => claimEffects(database, claim)) : []
    },
    settle: (settlements) => write(() => settleEffects(database, settlements)),
    bringForward: (now, aheadMs) => write(() => bringForward(database, now, aheadMs)),
    nextClaimAt: () => read(() => nextClaimAt(database)),
    effectsOf: (actor, seq) => read(() => effectsOf(database, actor, seq)),

    park: (item) => write(() => parkItem(database, item)),
    parked: (page) => read(() => parked.parked(page)),
    parkedItem: (id) => read(() => parked.parkedItem(id)),
    parkedEnvelope: (actor) => read(() => parked.parkedEnvelope(actor)),
    parkedAmong: (actors) => read(() => parked.parkedAmong(actors)),
    unpark: (id, at, by) => write(() => unparkItem(database, id, { at, by })),

    dueTimers: (now, limit) => read(() => timers.dueTimers(now, limit)),
    nextTimerAt: () => read(() => timers.nextTimerAt()),
    armedTimerNames: () => read(() => timers.armedTimerNames()),

    viewRow: (view, key) => read(() => views.viewRow(view, key)),
    viewRows: (view, prefix, page) => read(() => views.viewRows(view, prefix, page)),
    rebuild: (project, progress) => read(() => rebuildAll(home, project, progress)),
    // An entry and its rows are one transaction: there is no gap to heal.
    heal: () => read(() => 0),

    beginRequest: (key, bodyHash, now, leaseMs) =>
      write(() => beginRequest(database, { key, bodyHash, now, leaseMs })),
    finishRequest: (key, answer) => write(() => finishRequest(database, key, answer)),
    forgetRequest: (key) => write(() => forgetRequest(database, key)),
    expireRequests: (before) => write(() => expireRequests(database, before)),

    ping: () =>
      write(() => {
        file.checkWhole()
        database.run('UPDATE pings SET count = count + 1')
      }),
    async close() {
      writer.flush()
      gate.close()
      file.close()
    },
  }
}

async function appendChecked<T>(commits: readonly Commit[], append: () => Promise<T>): Promise<T> {
  for (const commit of commits) checkCommit(commit)
  return append()
}

function parkItem(database: Database, item: ParkedItem): void {
  if (item.kind === 'envelope') {
    listParked(database, item)
  } else if (isEffectId(item.id)) {
    parkEffect(database, { id: item.id, at: item.parkedAt, error: item.error, again: true })
  }
}

function unparkItem(database: Database, id: string, asked: Pick<Retries, 'at' | 'by'>): boolean {
  const kind = takeParked(database, id)
  if (kind === 'effect' && isEffectId(id)) unparkEffect(database, id, asked)
  return kind !== null
}

const unavailable = /^SQLITE_(BUSY|LOCKED|IOERR|FULL|CANTOPEN|READONLY|NOMEM|INTERRUPT|PROTOCOL)/

/**
 * Turns calls away once it is closed, and says in the port's words what SQLite says in its own.
 * Once the file is known to be damaged nothing is read or written any more: what follows from a
 * part of the truth is worse than nothing.
 */
function createGate(file: OwnedFile) {
  let isOpen = true
  let damage: StoreDamaged | null = null
  return {
    async pass<T>(work: () => Promise<T>): Promise<T> {
      if (!isOpen) throw new StoreClosed('the store was closed: open it again to use it')
      if (damage !== null) throw damage
      try {
        return await work()
      } catch (thrown) {
        const error = file.damageIn(thrown)
        if (error instanceof StoreDamaged) damage = error
        const code = sqliteCode(error)
        if (code === null || !unavailable.test(code)) throw error
        throw new StoreUnavailable(`the embedded file could not be used (${code}): try again`, {
          cause: error,
        })
      }
    },
    close() {
      isOpen = false
    },
  }
}
