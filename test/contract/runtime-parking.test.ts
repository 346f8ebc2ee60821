import { describe, expect, test } from 'vitest'
import { counterChart, patienceMs } from './counter.ts'
import {
  add,
  handClock,
  journalOf,
  letter,
  memoryStore,
  quick,
  runtimeOf,
  stateNow,
} from './runtime-given.ts'

const poison = (id = 'bad') => letter({ type: 'poisoned' }, { id })
const fixed = { counter: counterChart({ poison: 'harmless' }) }
const id = 'counter/a!bad'

describe('an envelope whose decision throws', () => {
  test('A8 parks its actor with it, after what came before', async () => {
    const store = memoryStore()
    const runtime = runtimeOf({ store })
    const tolds = await Promise.all([
      runtime.tell(add(1, 'e0')),
      runtime.tell(add(2, 'e1')),
      runtime.tell(poison()),
      runtime.tell(add(4, 'e2')),
    ])
    expect(tolds.map(({ outcome }) => outcome)).toEqual([
      'committed',
      'committed',
      'parked',
      'parked',
    ])
    expect(await journalOf(store)).toHaveLength(2)
    expect(await store.parkedItem(id)).toMatchObject({
      kind: 'envelope',
      actor: 'counter/a',
      error: 'Error: swallowed poison',
      envelope: poison(),
    })
  })

  test('A8 lets all other actors go on', async () => {
    const runtime = runtimeOf()
    await runtime.tell(poison())
    expect((await runtime.tell(add(1, 'e1', 'counter/b'))).outcome).toBe('committed')
  })

  test('A8 keeps its actor from every process, also from one that has just written it', async () => {
    const store = memoryStore()
    const one = runtimeOf({ store })
    const two = runtimeOf({ store })
    await two.tell(add(1, 'e1'))
    await one.tell(poison())
    expect(await two.tell(add(1, 'e2'))).toEqual({ outcome: 'parked', id })
    expect(await runtimeOf({ store }).tell(add(1, 'e3'))).toEqual({ outcome: 'parked', id })
    expect(await journalOf(store)).toHaveLength(1)
  })

  test('A8 is parked once, however often and from wherever it is told', async () => {
    const store = memoryStore()
    const one = runtimeOf({ store })
    const two = runtimeOf({ store })
    await Promise.all([one.tell(poison()), two.tell(poison()), one.tell(poison())])
    expect((await store.parked({ cursor: null, limit: 10 })).items.map((item) => item.id)).toEqual([
      id,
    ])
  })

  test('A8 that was taken before the chart broke is answered as a duplicate', async () => {
    const store = memoryStore()
    await runtimeOf({ store, charts: fixed }).tell(poison())
    expect((await runtimeOf({ store }).tell(poison())).outcome).toBe('duplicate')
    expect(await store.parkedEnvelope('counter/a')).toBeNull()
  })
})

describe('a retry', () => {
  test('A8 after the chart is fixed gives the state that it would have given at once', async () => {
    const store = memoryStore()
    const broken = runtimeOf({ store })
    await broken.tell(add(1, 'e1'))
    await broken.tell(poison())
    await broken.stop()
    const runtime = runtimeOf({ store, charts: fixed })
    expect((await runtime.retryParked(id, 'operator:ann')).outcome).toBe('committed')
    expect(await store.parkedItem(id)).toBeNull()
    expect((await runtime.tell(add(2, 'e2'))).outcome).toBe('committed')
    const unbroken = runtimeOf({ charts: fixed })
    for (const one of [add(1, 'e1'), poison(), add(2, 'e2')]) await unbroken.tell(one)
    expect(await stateNow(runtime)).toEqual(await stateNow(unbroken))
  })

  test('A8 comes before what is told meanwhile', async () => {
    const store = memoryStore()
    await runtimeOf({ store }).tell(poison())
    const runtime = runtimeOf({ store, charts: fixed })
    const [before, retried] = await Promise.all([
      runtime.tell(add(1, 'e1')),
      runtime.retryParked(id, 'operator:ann'),
    ])
    expect([before.outcome, retried.outcome]).toEqual(['parked', 'committed'])
    expect((await journalOf(store)).map(({ envelope }) => envelope.id)).toEqual(['bad'])
  })

  test('A8 that throws again stays parked', async () => {
    const store = memoryStore()
    const runtime = runtimeOf({ store })
    await runtime.tell(poison())
    expect(await runtime.retryParked(id, 'operator:ann')).toEqual({ outcome: 'parked', id })
    expect(await runtime.tell(add(1, 'e1'))).toEqual({ outcome: 'parked', id })
    expect((await store.parked({ cursor: null, limit: 10 })).items).toHaveLength(1)
  })

  test('A8 whose end went unanswered can be made again, and takes the envelope once', async () => {
    const store = memoryStore()
    await runtimeOf({ store }).tell(poison())
    let unparks = 0
    const unsure = {
      ...store,
      unpark: (...args: Parameters<typeof store.unpark>) => {
        unparks += 1
        return unparks === 1 ? Promise.resolve(false) : store.unpark(...args)
      },
    }
    // The process dies between the commit and the end of the parking.
    await runtimeOf({ store: unsure, charts: fixed }).retryParked(id, 'operator:ann')
    expect(await store.parkedItem(id)).not.toBeNull()
    const again = await runtimeOf({ store, charts: fixed }).retryParked(id, 'operator:ann')
    expect(again.outcome).toBe('duplicate')
    expect(await store.parkedItem(id)).toBeNull()
    expect(await journalOf(store)).toHaveLength(1)
  })

  test('A8 of what is not parked says so', async () => {
    expect(await runtimeOf().retryParked(id, 'operator:ann')).toEqual({ outcome: 'unknown' })
  })
})

describe('a parked actor', () => {
  test('A8 is told again by what concerns it, which uses up no tries meanwhile', async () => {
    const store = memoryStore()
    const clock = handClock()
    const broken = runtimeOf({ store, clock, limits: { tries: 2 } })
    await broken.tell(poison())
    await broken.tell(letter({ type: 'greet', to: 'counter/a' }, { id: 'e1', to: 'counter/b' }))
    for (let n = 0; n < 4; n += 1) {
      await broken.idle()
      clock.advance(quick.waitMs)
    }
    const runtime = runtimeOf({ store, clock, charts: fixed })
    await runtime.retryParked(id, 'operator:ann')
    await runtime.idle()
    expect((await stateNow(runtime)).context.greeters).toEqual({ 'counter/b': 1 })
  })

  test('A8 keeps its timers, which fire once it is free, and hold up no others', async () => {
    const store = memoryStore()
    const clock = handClock()
    const broken = runtimeOf({ store, clock, limits: { timersPerBatch: 1 } })
    const wait = letter({ type: 'wait' }, { id: 'e1' })
    await broken.tell(wait)
    await broken.tell(poison())
    clock.advance(1)
    await broken.tell({ ...wait, to: 'counter/b', occurredAt: clock.now() })
    clock.advance(patienceMs)
    expect(await broken.fireDueTimers()).toBe(1)
    expect((await stateNow(broken, 'counter/b')).context.overdue).toBe(1)
    const runtime = runtimeOf({ store, clock, charts: fixed })
    await runtime.retryParked(id, 'operator:ann')
    expect(await runtime.fireDueTimers()).toBe(1)
    expect((await stateNow(runtime)).context.overdue).toBe(1)
  })
})
