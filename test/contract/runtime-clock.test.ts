import { afterAll, describe, expect, test } from 'vitest'
import { RetryLater } from '../../actors/port-errors.ts'
import type { Store } from '../../actors/ports.ts'
import { plusMs } from '../../values/instant.ts'
import { mongoForTests } from '../mongo.ts'
import {
  add,
  answerPolitely,
  handClock,
  letter,
  outside,
  runtimeOf,
  start,
} from './runtime-given.ts'
import { embeddedPlace, mongoPlaces } from './store-places.ts'

const mongo = await mongoForTests()
const inMongo = mongo === null ? null : mongoPlaces(mongo.uri)
afterAll(() => inMongo?.drop())

const homes = [
  ['the embedded file', embeddedPlace] as const,
  ...(inMongo === null ? [] : [['MongoDB', inMongo.open] as const]),
]

const year = 365 * 86_400_000
const day = 86_400_000

/** What is due at all, and when. */
const nextDue = (store: Store) => store.nextClaimAt()

describe.each(homes)('a clock that jumps a year ahead and back, on %s', (_home, open) => {
  test('race 58: leaves no effect due in a year, retried, claimed or asked for', async () => {
    const place = await open()
    const { store } = place
    const clock = handClock()
    let isDown = true
    const far = outside((claimed) => {
      if (isDown) throw new RetryLater('not now')
      return answerPolitely(claimed)
    })
    const runtime = runtimeOf({ store, clock, performers: [far] })
    const ask = (id: string, to: `counter/${string}`) =>
      runtime.tell({ ...letter({ type: 'call', ask: 'how' }, { id, to }), receivedAt: clock.now() })

    clock.advance(year)
    await ask('e1', 'counter/retried')
    await runtime.idle()
    // A process that dies with a claim in its hands, while the clock is ahead.
    await ask('e2', 'counter/claimed')
    await store.claim(clock.now(), 10, 60_000)
    await runtime.stop()
    clock.advance(-year)
    expect(clock.now()).toBe(start)

    isDown = false
    const next = runtimeOf({ store, clock, performers: [far] })
    await next.start()
    // Its head is of the year ahead.
    await next.tell({ ...add(1, 'e3', 'counter/retried'), receivedAt: clock.now() })
    await next.idle()
    await next.heal()
    await next.idle()
    const due = await nextDue(store)
    expect(due === null || due <= plusMs(start, day)).toBe(true)
    for (let hours = 0; hours < 24; hours += 1) {
      clock.advance(3_600_000)
      await next.idle()
    }
    expect(await nextDue(store)).toBeNull()
    await next.stop()
    await place.remove()
  })

  test('race 58: leaves no keyed request running for a year', async () => {
    const place = await open()
    const { store } = place
    await store.beginRequest('key', 'hash', plusMs(start, year), 60_000)
    expect(await store.beginRequest('key', 'hash', start, 60_000)).toEqual({ outcome: 'begun' })
    expect(await store.beginRequest('key', 'hash', start, 60_000)).toEqual({ outcome: 'running' })
    await place.remove()
  })
})
