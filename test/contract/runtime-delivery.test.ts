import { describe, expect, test } from 'vitest'
import { backOffMs } from '../../actors/delivery/back-off.ts'
import { RetryLater, StoreUnavailable } from '../../actors/port-errors.ts'
import { plusMs } from '../../values/instant.ts'
import {
  answerPolitely,
  after,
  handClock,
  journalOf,
  letter,
  memoryStore,
  outside,
  quick,
  runtimeOf,
  start,
  stateNow,
  type Setting,
} from './runtime-given.ts'

const call = (id: string) => letter({ type: 'call', ask: 'who' }, { id })
const effect = 'counter/a#1.1'

/** An outside that fails `times` times before it answers. */
function failing(times: number, error: () => Error) {
  let left = times
  return outside((claimed) => {
    left -= 1
    if (left >= 0) throw error()
    return answerPolitely(claimed)
  })
}

async function called(setting: Setting) {
  const clock = handClock()
  const store = memoryStore()
  const runtime = runtimeOf({ store, clock, ...setting })
  await runtime.tell(call('e1'))
  await runtime.idle()
  return { clock, store, runtime }
}

describe('an effect', () => {
  test('A4 that fails for a while is tried again, later each time, with the same id', async () => {
    const remote = failing(3, () => new RetryLater('the provider is busy'))
    const { clock, store, runtime } = await called({ performers: [remote] })
    for (const tries of [1, 2, 3]) {
      const wait = backOffMs(effect, tries, quick)
      expect(await store.nextClaimAt()).toBe(plusMs(clock.now(), wait))
      clock.advance(wait)
      await runtime.idle()
    }
    expect(
      remote.calls.map((one) => [one.effect.id, one.tries, one.attempt, one.firstTriedAt]),
    ).toEqual([0, 1, 2, 3].map((tries) => [effect, tries, 1, start]))
    expect((await stateNow(runtime)).context.answers).toEqual(['who!'])
  })

  test('A4 takes a new attempt, and a new key window, only when told that the last one did nothing', async () => {
    const remote = failing(1, () => new RetryLater('the key is spent', { newAttempt: true }))
    const { clock, runtime } = await called({ performers: [remote] })
    clock.advance(60_000)
    await runtime.idle()
    expect(remote.calls.map(({ attempt, firstTriedAt }) => [attempt, firstTriedAt])).toEqual([
      [1, start],
      [2, after(60_000)],
    ])
  })

  test('A4 waits at least as long as the provider asks', async () => {
    const remote = failing(1, () => new RetryLater('slow down', { afterMs: 90_000 }))
    const { store } = await called({ performers: [remote] })
    expect(await store.nextClaimAt()).toBe(after(90_000))
  })

  test('A4 that waits for something of ours uses up no tries', async () => {
    const remote = failing(5, () => new RetryLater('no read left', { counts: false }))
    const { clock, runtime } = await called({ performers: [remote], limits: { tries: 2 } })
    for (let n = 0; n < 5; n += 1) {
      clock.advance(quick.waitMs)
      await runtime.idle()
    }
    expect(remote.calls.map(({ tries }) => tries)).toEqual([0, 0, 0, 0, 0, 0])
    expect((await stateNow(runtime)).context.answers).toEqual(['who!'])
  })

  test('M2 that was performed and could not be told is known to have been tried', async () => {
    const store = memoryStore()
    const clock = handClock()
    const result = { event: { type: 'remote.answered', answer: 'yes' }, to: 'counter/b' } as const
    const remote = outside(() => [result])
    const broken = runtimeOf({ store, clock, performers: [remote], limits: { tries: 2 } })
    await broken.tell(letter({ type: 'poisoned' }, { id: 'bad', to: 'counter/b' }))
    await broken.tell(call('e1'))
    for (let n = 0; n < 3; n += 1) {
      await broken.idle()
      clock.advance(quick.waitMs)
    }
    expect(remote.calls.map(({ tries }) => tries)).toEqual([0, 1, 1])
    expect(await store.parkedItem(effect)).toBeNull()
  })

  test('M2 whose result met a silent store is known to have been tried', async () => {
    const store = memoryStore()
    const clock = handClock()
    const remote = outside()
    let isSilent = false
    const silent = {
      ...store,
      append: (...args: Parameters<typeof store.append>) =>
        isSilent ? Promise.reject(new StoreUnavailable('silence')) : store.append(...args),
    }
    const runtime = runtimeOf({ store: silent, clock, performers: [remote] })
    await runtime.tell(call('e1'))
    isSilent = true
    await runtime.idle()
    isSilent = false
    clock.advance(quick.waitMs)
    await runtime.idle()
    expect(remote.calls.map(({ tries }) => tries)).toEqual([0, 1])
    expect((await stateNow(runtime)).context.answers).toEqual(['who!'])
  })

  test.each`
    error                           | times | message                              | why
    ${new Error('declined by bug')} | ${1}  | ${/Error: declined by bug/}          | ${'the performer has a bug'}
    ${new RetryLater('still down')} | ${2}  | ${/2 tries: RetryLater: still down/} | ${'its tries are used up'}
  `('A4 is parked, with the reason, if $why', async ({ error, times, message }) => {
    const remote = failing(times, () => error)
    const { clock, store, runtime } = await called({ performers: [remote], limits: { tries: 2 } })
    clock.advance(60_000)
    await runtime.idle()
    expect(await store.parkedItem(effect)).toMatchObject({
      kind: 'effect',
      actor: 'counter/a',
      error: expect.stringMatching(message),
    })
    expect(await store.nextClaimAt()).toBeNull()
    expect(await runtime.retryParked(effect, 'operator:ann')).toEqual({ outcome: 'retrying' })
    await runtime.idle()
    expect(await store.parkedItem(effect)).toBeNull()
    expect((await stateNow(runtime)).context.answers).toEqual(['who!'])
  })

  test('A4 of a kind that nobody performs is parked', async () => {
    const { store } = await called({ performers: [] })
    expect((await store.parkedItem(effect))?.error).toMatch(
      /no performer takes remote of no provider/,
    )
  })

  test('A4 has one performer: a second one for its kind and provider is a start-up error', () => {
    const other = { ...outside(), provider: 'another' }
    expect(() => runtimeOf({ performers: [outside(), other] })).not.toThrow()
    expect(() => runtimeOf({ performers: [outside(), outside()] })).toThrow('remote of no provider')
  })

  test('A4 that kills its process at every try is parked in the end', async () => {
    const clock = handClock()
    const store = memoryStore()
    const remote = outside()
    const killed = { ...store, settle: () => Promise.resolve() }
    for (let n = 0; n < 4; n += 1) {
      const runtime = runtimeOf({
        store: killed,
        clock,
        performers: [remote],
        limits: { tries: 3 },
      })
      if (n === 0) await runtime.tell(call('e1'))
      await runtime.idle()
      clock.advance(quick.leaseMs)
    }
    await runtimeOf({ store, clock, performers: [remote], limits: { tries: 3 } }).idle()
    expect(remote.calls).toHaveLength(3)
    expect((await store.parkedItem(effect))?.error).toMatch(/not settled in 3 tries/)
  })

  test('A4 is performed beside others, but not beside more than the limit', async () => {
    let running = 0
    let most = 0
    const slow = {
      provider: null,
      kinds: ['remote'],
      async perform() {
        running += 1
        most = Math.max(most, running)
        for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
        running -= 1
        return []
      },
    }
    const runtime = runtimeOf({ performers: [slow], limits: { concurrency: 3 } })
    await Promise.all(
      Array.from({ length: 12 }, (_, n) => runtime.tell({ ...call('e1'), to: `counter/${n}` })),
    )
    await runtime.idle()
    expect(most).toBe(3)
  })

  test('A4 of another actor is not held up by one that does not return', async () => {
    const stuck = {
      provider: null,
      kinds: ['remote'],
      perform: () => new Promise<[]>(() => {}),
    }
    const runtime = runtimeOf({ performers: [stuck] })
    const greeted = new Promise<string>((resolve) => {
      runtime.subscribe(({ actor }) => {
        if (actor === 'counter/c') resolve(actor)
      })
    })
    await runtime.tell(call('e1'))
    await runtime.tell(letter({ type: 'greet', to: 'counter/c' }, { id: 'e2', to: 'counter/b' }))
    expect(await greeted).toBe('counter/c')
  })
})

describe('what is done', () => {
  /** A store that says how many are settled together; of these, the first as soon as there are. */
  function watched() {
    const store = memoryStore()
    const settled: number[] = []
    let tellFirst = (_count: number) => {}
    const first = new Promise<number>((resolve) => {
      tellFirst = resolve
    })
    const settle: typeof store.settle = async (settlements) => {
      await store.settle(settlements)
      settled.push(settlements.length)
      tellFirst(settlements.length)
    }
    return { store: { ...store, settle }, settled, first }
  }
  const never = {
    provider: null,
    kinds: ['charge'],
    perform: () => new Promise<[]>(() => {}),
  }
  const performers = [{ ...outside(), kinds: ['remote'] }, never]
  const charge = letter({ type: 'charge' }, { id: 'e0' })

  test('A4 is settled together with what follows from it, and before the process rests', async () => {
    const { store, settled } = watched()
    const runtime = runtimeOf({ store, limits: { concurrency: 3 } })
    await Promise.all(
      Array.from({ length: 12 }, (_, n) => runtime.tell({ ...call('e1'), to: `counter/${n}` })),
    )
    await runtime.idle()
    expect(settled).toEqual([12])
    expect(await store.nextClaimAt()).toBeNull()
  })

  test('A4 is settled once there is enough of it, whatever does not return', async () => {
    const { store, first } = watched()
    const runtime = runtimeOf({ store, performers, limits: { settledAtOnce: 2 } })
    await runtime.tell(charge)
    await runtime.tell({ ...call('e1'), to: 'counter/b' })
    await runtime.tell({ ...call('e1'), to: 'counter/c' })
    expect(await first).toBe(2)
  })

  test('A4 is given back by a process that stops, though it has not begun', async () => {
    const { store, settled } = watched()
    const runtime = runtimeOf({ store, limits: { concurrency: 1 } })
    await Promise.all(
      Array.from({ length: 5 }, (_, n) => runtime.tell({ ...call('e1'), to: `counter/${n}` })),
    )
    await runtime.stop()
    expect(settled.reduce((a, b) => a + b)).toBe(5)
  })
})

describe('a result', () => {
  test('A5 returns as an envelope whose id is derived from the effect’s, in the same chain of causes', async () => {
    const { store } = await called({})
    expect((await journalOf(store)).at(1)?.envelope).toEqual({
      id: `${effect}:1`,
      to: 'counter/a',
      event: { type: 'remote.answered', answer: 'who!' },
      source: 'effect',
      occurredAt: start,
      receivedAt: start,
      causationId: effect,
      correlationId: 'c-e1',
      principal: 'system',
    })
  })

  test('A5 may name another actor, its own moment and its source', async () => {
    const result = {
      event: { type: 'remote.answered', answer: 'yes' },
      to: 'counter/b',
      occurredAt: after(-5_000),
      envelopeId: 'evt_1',
      source: 'provider',
      principal: 'provider:stripe',
    } as const
    const { store } = await called({ performers: [outside(() => [result])] })
    expect((await journalOf(store, 'counter/b')).at(0)?.envelope).toMatchObject({
      id: 'evt_1',
      source: 'provider',
      occurredAt: after(-5_000),
      principal: 'provider:stripe',
      causationId: effect,
    })
  })

  test('A5 that no actor could take parks the effect, with what is wrong', async () => {
    const { store } = await called({
      performers: [outside(() => [{ event: { type: 'nonsense' } }])],
    })
    expect((await store.parkedItem(effect))?.error).toMatch(/event_unknown/)
  })

  test('A5 of a tell has the effect’s own id, and the moment of the decision', async () => {
    const clock = handClock()
    const store = memoryStore()
    const runtime = runtimeOf({ store, clock })
    clock.advance(1_000)
    await runtime.tell(letter({ type: 'greet', to: 'counter/b' }, { id: 'e1', at: start }))
    await runtime.idle()
    expect((await journalOf(store, 'counter/b')).at(0)?.envelope).toMatchObject({
      id: effect,
      source: 'actor',
      occurredAt: start,
      receivedAt: after(1_000),
      causationId: effect,
      correlationId: 'c-e1',
      principal: 'actor:counter/a',
    })
  })

  test('A5 of a tell that the other actor refuses is the end of it', async () => {
    const ask = { event: { type: 'withdraw', n: 5 }, to: 'counter/b' } as const
    const { store } = await called({ performers: [outside(() => [ask])] })
    expect(await store.parkedItem(effect)).toBeNull()
    expect(await store.nextClaimAt()).toBeNull()
  })
})

describe('the back-off', () => {
  test.each`
    tries | leastMs  | mostMs   | why
    ${1}  | ${500}   | ${1000}  | ${'the first wait'}
    ${2}  | ${1000}  | ${2000}  | ${'twice as long'}
    ${5}  | ${8000}  | ${16000} | ${'doubling each time'}
    ${60} | ${1.8e6} | ${3.6e6} | ${'never above the greatest'}
  `('after $tries tries: $why', ({ tries, leastMs, mostMs }) => {
    const waits = Array.from({ length: 50 }, (_, n) => backOffMs(`counter/a#${n}.1`, tries, quick))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(leastMs)
    expect(Math.max(...waits)).toBeLessThanOrEqual(mostMs)
    expect(new Set(waits).size).toBeGreaterThan(30)
    expect(backOffMs('counter/a#0.1', tries, quick)).toBe(waits[0])
  })
})
