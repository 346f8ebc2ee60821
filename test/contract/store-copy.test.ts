import { afterAll, describe, expect, test } from 'vitest'
import { commitOf } from '../../actors/journal/commit-of.ts'
import type { Entry, ViewRow } from '../../actors/journal/journal.ts'
import type { Store } from '../../actors/ports.ts'
import { type CopyProgress, type Transferable, copyStore } from '../../persistence/copy.ts'
import { openStore } from '../../persistence/open.ts'
import { mongoForTests } from '../mongo.ts'
import {
  type OpenPlace,
  type Place,
  actor,
  all,
  at,
  everythingDerived,
  line,
  other,
  posting,
  row,
  timer,
  tracking,
} from './store-given.ts'
import { embeddedPlace, mongoPlaces } from './store-places.ts'

const minute = 60_000

/** Enough for snapshots that are kept whole, and such that are not. */
const entriesEach = 20

function project({ actor: ref, seq }: Entry): ViewRow[] {
  return [row('accounts', ref, { seq }), posting('ledger', `${ref}#${seq}`, { seq })]
}

/**
 * Entries; effects that are done, open, claimed, retried (also by hand) and parked; a parked
 * envelope; requests.
 */
async function fill(bare: Store): Promise<void> {
  const store = tracking(bare, new Map())
  for (const ref of [actor, other]) {
    const timers = [timer('t', 500, ref)]
    const event = { body: 'a long tale, '.repeat(50) }
    const commits = line(entriesEach, { actor: ref, effects: 2, timers, event })
    await store.append(commits.map(({ entry }) => ({ entry, rows: project(entry) })))
  }
  const claims = await store.claim(at(3), 6, minute)
  for (const [n, { effect, firstTriedAt }] of claims.entries()) {
    const { id } = effect
    if (n % 3 === 0) await store.settle([{ id, outcome: 'done', result: { 'a.b': n } }])
    if (n % 3 === 1)
      await store.settle([{ id, outcome: 'parked', at: at(20 + n), error: `bad ${n}` }])
    if (n === 2 || n === 4) {
      await store.settle([{ id, outcome: 'parked', at: at(30), error: 'bad' }])
      await store.unpark(id, at(31), 'operator:ann')
    }
    if (n === 4) await store.settle([{ id, outcome: 'parked', at: at(32), error: 'bad again' }])
    if (n === 2) {
      const next = { tries: 3, attempt: 2, firstTriedAt, error: 'again' }
      await store.settle([{ id, outcome: 'retry', at: at(200), ...next }])
    }
  }
  const envelope = line(1)[0]?.entry.envelope ?? null
  const item = { kind: 'envelope', actor, error: 'threw', parkedAt: at(9), effect: null } as const
  await store.park({ ...item, id: `${actor}!x`, envelope })
  await store.beginRequest('done', 'hash', at(0), minute)
  await store.finishRequest('done', { status: 201 })
  await store.beginRequest('running', 'hash', at(0), minute)
}

/** All that can be asked, ending with what can be claimed. */
async function everythingIn(store: Store): Promise<unknown> {
  const actors = await all((page) => store.actors(null, page))
  return {
    derived: await everythingDerived(store, ['accounts', 'ledger']),
    histories: await Promise.all(actors.map((ref) => all((page) => store.history(ref, page)))),
    effects: await Promise.all(actors.map((ref) => store.effectsOf(ref, 2))),
    parked: await all((page) => store.parked(page)),
    held: await store.parkedEnvelope(actor),
    next: await store.nextClaimAt(),
    requests: await Promise.all(
      ['done', 'running', 'new'].map((key) => store.beginRequest(key, 'hash', at(1), minute)),
    ),
    claims: await store.claim(at(9999), 100, minute),
  }
}

async function opened(place: Place): Promise<Transferable> {
  await place.store.close()
  return openStore(place.location)
}

function copyContract(from: OpenPlace, to: OpenPlace): void {
  test('all that it holds is in the other store, and the other one goes on from there', async () => {
    const places = [await from(), await to()]
    const [source, target] = await Promise.all(places.map(opened))
    if (!source || !target) throw new Error('two stores')
    try {
      await fill(source.store)
      const steps: CopyProgress[] = []
      const copying = {
        from: source,
        to: target,
        project,
        progress: (c: CopyProgress) => steps.push(c),
      }
      const copied = await copyStore(copying)
      expect(copied).toStrictEqual({ entries: 2 * entriesEach, parked: 3, requests: 2 })
      expect(steps.at(-1)).toStrictEqual(copied)
      await expect(copyStore(copying)).rejects.toMatchObject({ code: 'target_not_empty' })

      expect(await everythingIn(target.store)).toStrictEqual(await everythingIn(source.store))
      const [last, next] = line(entriesEach + 1).slice(entriesEach - 1)
      if (!last || !next) throw new Error('the last one and one more')
      const after = commitOf({ entry: last.entry, rows: project(last.entry) }, next)
      // Its actor waits there, too.
      expect(await target.store.append([after])).toStrictEqual([{ outcome: 'conflict' }])
      expect(await target.store.unpark(`${actor}!x`, at(9), 'ann')).toBe(true)
      expect(await target.store.append([after])).toStrictEqual([{ outcome: 'committed' }])
      expect(await target.store.viewRow('accounts', actor)).toBeNull()
      await target.store.settle([
        { id: `${other}#6.1`, outcome: 'parked', at: at(50), error: 'new' },
      ])
      const parked = await all((page) => target.store.parked(page))
      expect(parked.at(-1)?.error).toBe('new')
    } finally {
      await Promise.all([source, target].map(({ store }) => store.close()))
      await Promise.all(places.map((place) => place.remove()))
    }
  })
}

describe('a copy of the embedded store into another', () =>
  copyContract(embeddedPlace, embeddedPlace))

const mongo = await mongoForTests()
if (mongo) {
  const { open, drop } = mongoPlaces(mongo.uri)
  afterAll(drop)
  describe('a copy of the embedded store into MongoDB', () => copyContract(embeddedPlace, open))
  describe('a copy of MongoDB into the embedded store', () => copyContract(open, embeddedPlace))
  describe('a copy of MongoDB into another database', () => copyContract(open, open))
}
