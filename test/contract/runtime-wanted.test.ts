import { describe, expect, test } from 'vitest'
import type { Performer } from '../../actors/delivery/performer.ts'
import { RetryLater } from '../../actors/port-errors.ts'
import {
  handClock,
  letter,
  memoryStore,
  outside,
  quick,
  runtimeOf,
  stateNow,
} from './runtime-given.ts'

const charge = letter({ type: 'charge' }, { id: 'e1' })
const effect = 'counter/a#1.1'

/** A counter that has asked for a charge which the provider does not answer. */
async function unanswered(error: () => Error, tries = 3, looking: Pick<Performer, 'lookUp'> = {}) {
  const clock = handClock()
  const store = memoryStore()
  let isUp = false
  const answering = outside(() => {
    if (!isUp) throw error()
    return []
  })
  const provider = { ...answering, ...looking }
  const runtime = runtimeOf({ store, clock, performers: [provider], limits: { tries } })
  await runtime.tell(charge)
  await runtime.idle()
  const later = async () => {
    clock.advance(quick.backOffMaxMs)
    await runtime.idle()
  }
  return { clock, store, provider, runtime, later, up: () => (isUp = true) }
}

describe('an effect that its actor is asked about', () => {
  test('M6 is kept up, hourly at last, while it is wanted, and never given up for want of an answer', async () => {
    const { store, provider, later, up } = await unanswered(() => new RetryLater('429'))
    for (let hour = 0; hour < 20; hour += 1) await later()
    expect(await store.parkedItem(effect)).toBeNull()
    up()
    const before = provider.calls.length
    await later()
    expect(provider.calls).toHaveLength(before + 1)
    await later()
    expect(provider.calls).toHaveLength(before + 1)
  })

  test('M6 is not tried again once it is not wanted, and says so', async () => {
    const { store, provider, runtime, later } = await unanswered(() => new RetryLater('429'))
    await runtime.tell(letter({ type: 'wait' }, { id: 'e2' }))
    await later()
    expect(provider.calls).toHaveLength(1)
    expect(await store.effectsOf('counter/a', 1)).toMatchObject([
      { id: effect, standing: 'done', result: { outcome: 'not_wanted' } },
    ])
    expect((await stateNow(runtime)).context.answers).toEqual(['charge: not wanted'])
  })

  test.each`
    found                                                       | outcome         | answers                   | why
    ${null}                                                     | ${'not_wanted'} | ${['charge: not wanted']} | ${'nothing'}
    ${[{ event: { type: 'remote.answered', answer: 'paid' } }]} | ${'found'}      | ${['paid']}               | ${'that it was done'}
  `(
    'M6 whose outcome is not known is looked for once it is not wanted, and its actor hears $why',
    async ({ found, outcome, answers }) => {
      const looks: string[] = []
      const { store, provider, runtime, later } = await unanswered(() => new RetryLater('429'), 3, {
        lookUp: async ({ effect: { id } }) => {
          looks.push(id)
          // Away for longer than there are tries: what it left is looked for until it is known.
          if (looks.length <= 5) throw new RetryLater('away')
          return found
        },
      })
      await runtime.tell(letter({ type: 'wait' }, { id: 'e2' }))
      for (let hour = 0; hour < 8; hour += 1) await later()
      expect(looks).toEqual(Array(6).fill(effect))
      expect(provider.calls).toHaveLength(1)
      expect((await stateNow(runtime)).context.answers).toEqual(answers)
      expect(await store.effectsOf('counter/a', 1)).toMatchObject([
        { standing: 'done', result: { outcome } },
      ])
    },
  )

  test('M6 that was not found, and is found after a crash before that was kept, is heard of', async () => {
    const { store, clock, runtime } = await unanswered(() => new RetryLater('429'))
    await runtime.tell(letter({ type: 'wait' }, { id: 'e2' }))
    const answer = [{ event: { type: 'remote.answered', answer: 'paid' } }]
    let found: typeof answer | null = null
    const looking = { ...outside(), lookUp: async () => found }
    const settle = async () => {}
    const dying = runtimeOf({ store: { ...store, settle }, clock, performers: [looking] })
    const next = runtimeOf({ store, clock, performers: [looking] })
    for (const life of [dying, next]) {
      clock.advance(quick.backOffMaxMs)
      await life.idle()
      found = answer
    }
    expect((await stateNow(next)).context.answers).toEqual(['charge: not wanted', 'paid'])
  })

  test('M6 that was parked is asked about before it is retried by hand', async () => {
    const { store, provider, runtime, later } = await unanswered(() => new Error('a bug'))
    expect((await store.parkedItem(effect))?.error).toBe('Error: a bug')
    await runtime.tell(letter({ type: 'wait' }, { id: 'e2' }))
    await runtime.retryParked(effect, 'operator:ada')
    await later()
    expect(provider.calls).toHaveLength(1)
    expect(await store.parkedItem(effect)).toBeNull()
  })
})

describe('an effect that is given up', () => {
  test('A9 is heard of by its actor, once', async () => {
    const { store, runtime } = await unanswered(() => new Error('a bug'))
    expect((await stateNow(runtime)).context.parked).toEqual(['charge: Error: a bug'])
    expect(await store.seqsOf('counter/a', [`${effect}!parked`])).toEqual(
      new Map([[`${effect}!parked`, 2]]),
    )
  })

  test('A9 is heard of each time that it is given up, also after retries by hand', async () => {
    const { store, runtime, later } = await unanswered(() => new Error('a bug'))
    for (const by of ['operator:ann', 'operator:bob']) {
      await runtime.retryParked(effect, by)
      await later()
    }
    expect((await stateNow(runtime)).context.parked).toEqual(
      Array.from({ length: 3 }, () => 'charge: Error: a bug'),
    )
    const { items } = await store.parked({ cursor: null, limit: 10 })
    expect(items).toMatchObject([{ id: effect, retried: { times: 2, by: 'operator:bob' } }])
  })

  test('A9 is heard of before it is parked: a store that fails in between tells it again', async () => {
    const clock = handClock()
    const store = memoryStore()
    let isLosing = true
    const losing = {
      ...store,
      settle: (...args: Parameters<typeof store.settle>) =>
        isLosing ? Promise.resolve() : store.settle(...args),
    }
    const broken = outside(() => {
      throw new Error('a bug')
    })
    const runtime = runtimeOf({ store: losing, clock, performers: [broken] })
    await runtime.tell(charge)
    await runtime.idle()
    expect(await store.parkedItem(effect)).toBeNull()
    isLosing = false
    clock.advance(quick.leaseMs)
    await runtime.idle()
    expect(await store.parkedItem(effect)).not.toBeNull()
    expect((await stateNow(runtime)).context.parked).toHaveLength(1)

    isLosing = true
    await runtime.retryParked(effect, 'operator:ann')
    await runtime.idle()
    expect(await store.parkedItem(effect)).toBeNull()
    isLosing = false
    clock.advance(quick.leaseMs)
    await runtime.idle()
    expect(await store.parkedItem(effect)).not.toBeNull()
    expect((await stateNow(runtime)).context.parked).toHaveLength(2)
  })
})

test('M6 what is wanted is tried again though many of its tries ended without a word', async () => {
  const clock = handClock()
  const store = memoryStore()
  const provider = outside(() => [])
  const runtime = runtimeOf({ store, clock, performers: [provider], limits: { tries: 3 } })
  const silent = runtimeOf({
    store: { ...store, settle: () => Promise.resolve() },
    clock,
    performers: [outside(() => [])],
    limits: { tries: 3 },
  })
  await silent.tell(charge)
  for (let life = 0; life < 5; life += 1) {
    await silent.idle()
    clock.advance(quick.leaseMs)
  }
  await runtime.idle()
  clock.advance(quick.backOffMaxMs)
  await runtime.idle()
  expect(provider.calls.map(({ effect: { kind } }) => kind)).toContain('charge')
  expect(await store.parkedItem(effect)).toBeNull()
})
