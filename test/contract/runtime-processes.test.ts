import { afterAll, describe, expect, test } from 'vitest'
import { mongoForTests } from '../mongo.ts'
import { patienceMs } from './counter.ts'
import {
  add,
  handClock,
  journalOf,
  letter,
  outside,
  quick,
  runtimeOf,
  stateOf,
} from './runtime-given.ts'
import type { ActorRef } from '../../values/ids.ts'
import type { OpenPlace } from './store-given.ts'
import { placeForEach } from './store-place.ts'
import { embeddedPlace, mongoPlaces } from './store-places.ts'

// Two processes of one platform. On MongoDB each has its own connections; the embedded file has one
// owner, so there they are two runtimes over it.

function processesOn(name: string, open: OpenPlace): void {
  describe(`two processes on ${name}`, () => {
    const place = placeForEach(open)

    async function two() {
      const { store } = place()
      const clock = handClock()
      const remote = outside()
      const one = runtimeOf({ store, clock, performers: [remote] })
      const other = runtimeOf({ store: await place().peer(), clock, performers: [remote] })
      return { store, clock, remote, one, other }
    }

    test('P1 that race on one actor commit every event once, and lose none', async () => {
      const { store, one, other } = await two()
      const letters = Array.from({ length: 40 }, (_, index) => add(1, `e${index}`))
      const tolds = await Promise.all(
        letters.map((envelope, index) => (index % 2 === 0 ? one : other).tell(envelope)),
      )
      expect(new Set(tolds.map(({ outcome }) => outcome))).toEqual(new Set(['committed']))
      expect(stateOf(await store.head('counter/a')).context.count).toBe(40)
      const entries = await journalOf(store)
      expect(entries.map(({ seq }) => seq)).toEqual(letters.map((_letter, index) => index + 1))
    })

    test('P2 that are told the same envelope answer with the same entry', async () => {
      const { store, one, other } = await two()
      const tolds = await Promise.all([one.tell(add(5, 'e1')), other.tell(add(5, 'e1'))])
      expect(tolds.map(({ outcome }) => outcome).sort()).toEqual(['committed', 'duplicate'])
      expect(await journalOf(store)).toHaveLength(1)
    })

    test('A1 do not refuse by a state that the other has left', async () => {
      const { one, other } = await two()
      await one.tell(add(1, 'e1'))
      await other.tell(add(9, 'e2'))
      // The first process still remembers a count of 1.
      const told = await one.tell(letter({ type: 'withdraw', n: 10 }, { id: 'e3' }))
      expect(told.outcome).toBe('committed')
    })

    test('A4 perform each effect once, whoever committed it, as long as both live', async () => {
      const { remote, store, one, other } = await two()
      const actors = Array.from({ length: 20 }, (_, n) => `counter/${n}` as const)
      await Promise.all(
        actors.map((to, n) =>
          (n % 2 === 0 ? one : other).tell(letter({ type: 'call', ask: 'who' }, { id: 'e1', to })),
        ),
      )
      await Promise.all([one.idle(), other.idle()])
      await Promise.all([one.idle(), other.idle()])
      expect(remote.calls.map(({ effect }) => effect.id).sort()).toEqual(
        actors.map((to) => `${to}#1.1`).sort(),
      )
      for (const actor of actors) {
        expect(stateOf(await store.head(actor)).context.answers).toEqual(['who!'])
      }
    })

    test('A7 fire a timer once', async () => {
      const { store, clock, one, other } = await two()
      await one.tell(letter({ type: 'wait' }, { id: 'e1' }))
      clock.advance(patienceMs)
      const fired = await Promise.all([one.fireDueTimers(), other.fireDueTimers()])
      expect(fired[0] + fired[1]).toBe(1)
      expect(await journalOf(store)).toHaveLength(2)
    })

    test('A8 both leave a parked actor alone, until it is retried from either', async () => {
      const { one, other } = await two()
      await other.tell(add(1, 'e1'))
      const bad = letter({ type: 'poisoned' }, { id: 'bad' })
      expect((await one.tell(bad)).outcome).toBe('parked')
      expect((await other.tell(add(1, 'e2'))).outcome).toBe('parked')
      expect((await other.retryParked('counter/a!bad', 'operator:ann')).outcome).toBe('parked')
    })

    test('A8 neither decides anything for a parked actor on what it remembers of it', async () => {
      const { store, one, other } = await two()
      const told = [
        { type: 'add', n: 1 },
        { type: 'counted', n: 4, stamp: 1 },
        { type: 'withdraw', n: 999 },
        { type: 'poisoned' },
      ]
      for (const [n, event] of told.entries()) {
        const to: ActorRef = `counter/${n}`
        const news = { type: 'counted', n: 5, stamp: 2 }
        await other.tell(letter(news, { id: 'e1', to, source: 'provider' }))
        expect((await one.tell(letter({ type: 'poisoned' }, { id: 'bad', to }))).outcome).toBe(
          'parked',
        )
        // It remembers what was there before.
        expect(await other.tell(letter(event, { id: 'e2', to, source: 'provider' }))).toEqual({
          outcome: 'parked',
          id: `${to}!bad`,
        })
        expect(await journalOf(store, to)).toHaveLength(1)
      }
    })

    test('A4 what one leaves when it dies, the other performs when the claim has ended', async () => {
      const { store, clock, remote, other } = await two()
      const dying = runtimeOf({
        store: { ...store, settle: () => Promise.resolve() },
        clock,
        performers: [outside(() => [])],
      })
      await dying.tell(letter({ type: 'call', ask: 'who' }, { id: 'e1' }))
      await dying.idle()
      await other.idle()
      expect(remote.calls).toEqual([])
      clock.advance(quick.leaseMs)
      await other.idle()
      expect(remote.calls.map(({ effect, tries }) => [effect.id, tries])).toEqual([
        ['counter/a#1.1', 1],
      ])
    })
  })
}

processesOn('the embedded file', embeddedPlace)
const mongo = await mongoForTests()
if (mongo !== null) {
  const { open, drop } = mongoPlaces(mongo.uri)
  afterAll(drop)
  processesOn('MongoDB', open)
}
