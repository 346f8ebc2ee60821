import { describe, expect, test } from 'vitest'
import type { Entry } from '../../actors/journal/journal.ts'
import { StoreUnavailable } from '../../actors/port-errors.ts'
import type { View } from '../../actors/projections.ts'
import { RuntimeStopped } from '../../actors/runtime.ts'
import { counted, faulty } from './runtime-faults.ts'
import {
  add,
  after,
  entryOf,
  handClock,
  journalOf,
  letter,
  memoryStore,
  outside,
  runtimeOf,
  start,
  stateNow,
  stateOf,
} from './runtime-given.ts'

describe('an actor', () => {
  test('A1 takes events in the order in which they arrive, however many come at once', async () => {
    const store = memoryStore()
    const runtime = runtimeOf({ store, limits: { entriesPerCommit: 7 } })
    const letters = Array.from({ length: 50 }, (_, index) => add(1, `e${index}`))
    await Promise.all(letters.map((one) => runtime.tell(one)))
    const taken = (await journalOf(store)).map(({ envelope }) => envelope.id)
    expect(taken).toEqual(letters.map(({ id }) => id))
  })

  test('A1 decides each event on the state that the one before it left', async () => {
    const runtime = runtimeOf()
    const tolds = await Promise.all([
      runtime.tell(add(3, 'e1')),
      runtime.tell(letter({ type: 'withdraw', n: 2 }, { id: 'e2' })),
      runtime.tell(letter({ type: 'withdraw', n: 2 }, { id: 'e3' })),
    ])
    expect(tolds.map(({ outcome }) => outcome)).toEqual(['committed', 'committed', 'refused'])
  })

  test('A1 has what waits for it written in one go', async () => {
    const counting = counted(memoryStore())
    const runtime = runtimeOf({ store: counting.store })
    await Promise.all(Array.from({ length: 50 }, (_, index) => runtime.tell(add(1, `e${index}`))))
    // The first one alone, and then the other 49: for each drain a look at what is parked, and an
    // append.
    expect(counting.operations()).toBeLessThanOrEqual(6)
  })

  test('A1 does not wait for another actor, and shares its round trips with it', async () => {
    const store = memoryStore()
    const appends: number[] = []
    const watched = {
      ...store,
      append: (commits: Parameters<typeof store.append>[0]) => {
        appends.push(commits.length)
        return store.append(commits)
      },
    }
    const runtime = runtimeOf({ store: watched, limits: { entriesPerGroup: 60 } })
    const letters = Array.from({ length: 100 }, (_, n) => add(1, 'e1', `counter/${n}`))
    await Promise.all(letters.map((one) => runtime.tell(one)))
    expect(appends).toEqual([60, 40])
  })

  test('A1 answers busy where too much waits, and writes nothing of it', async () => {
    const store = memoryStore()
    const runtime = runtimeOf({ store, limits: { mailboxDepth: 3, entriesPerCommit: 2 } })
    const tolds = await Promise.all(
      Array.from({ length: 6 }, (_, index) => runtime.tell(add(1, `e${index}`))),
    )
    // One is being decided, three wait, two are too many.
    expect(tolds.map(({ outcome }) => outcome).slice(4)).toEqual(['busy', 'busy'])
    expect(await journalOf(store)).toHaveLength(4)
  })

  test('P2 answers a doubled event with the entry of the first, whatever it has become since', async () => {
    const runtime = runtimeOf()
    const first = entryOf(await runtime.tell(add(3, 'e1')))
    const withdraw = letter({ type: 'withdraw', n: 3 }, { id: 'e2' })
    const second = entryOf(await runtime.tell(withdraw))
    expect(await runtime.tell(add(3, 'e1'))).toEqual({ outcome: 'duplicate', entry: first })
    // Decided now it would be refused: there is nothing left to withdraw.
    expect(await runtime.tell(withdraw)).toEqual({ outcome: 'duplicate', entry: second })
  })

  test('P2 takes one of two copies that arrive together', async () => {
    const runtime = runtimeOf()
    const tolds = await Promise.all([
      runtime.tell(add(1, 'e0')),
      runtime.tell(add(3, 'e1')),
      runtime.tell(add(3, 'e1')),
      runtime.tell(add(4, 'e2')),
    ])
    expect(tolds.map(({ outcome }) => outcome)).toEqual([
      'committed',
      'committed',
      'duplicate',
      'committed',
    ])
    expect((await stateNow(runtime)).context.count).toBe(8)
  })
})

describe('a decision', () => {
  test('A3 is told to listeners after its commit, in order per actor', async () => {
    const store = memoryStore()
    const runtime = runtimeOf({ store })
    const heard: Promise<boolean>[] = []
    const seqs: number[] = []
    runtime.subscribe((entry) => {
      seqs.push(entry.seq)
      heard.push(store.entry(entry.actor, entry.seq).then((stored) => stored !== null))
    })
    await Promise.all(Array.from({ length: 20 }, (_, index) => runtime.tell(add(1, `e${index}`))))
    expect(seqs).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
    expect(new Set(await Promise.all(heard))).toEqual(new Set([true]))
  })

  test('A3 that was not committed is told to nobody, and its effects are never performed', async () => {
    const remote = outside()
    const store = faulty(memoryStore(), (_n, name) => (name === 'append' ? 'before' : null))
    const runtime = runtimeOf({ store, performers: [remote], limits: { decisionsPerCommit: 3 } })
    const heard: Entry[] = []
    runtime.subscribe((entry) => heard.push(entry))
    const telling = runtime.tell(letter({ type: 'call', ask: 'who' }, { id: 'e1' }))
    await expect(telling).rejects.toThrow(StoreUnavailable)
    await runtime.idle()
    expect(heard).toEqual([])
    expect(remote.calls).toEqual([])
  })

  test('A3 whose append went unanswered is found again, and told once', async () => {
    let appends = 0
    const inner = memoryStore()
    const store = faulty(inner, (_n, name) =>
      name === 'append' && (appends += 1) === 1 ? 'after' : null,
    )
    const runtime = runtimeOf({ store })
    const heard: number[] = []
    runtime.subscribe((entry) => heard.push(entry.seq))
    const tolds = await Promise.all([runtime.tell(add(1, 'e1')), runtime.tell(add(1, 'e2'))])
    expect(tolds.map(({ outcome }) => outcome)).toEqual(['committed', 'committed'])
    expect(heard).toEqual([1, 2])
    expect(await journalOf(inner)).toHaveLength(2)
  })

  test('A3 is not held up by a listener that throws', async () => {
    const runtime = runtimeOf()
    const heard: number[] = []
    runtime.subscribe(() => {
      throw new Error('a listener’s own bug')
    })
    const stop = runtime.subscribe((entry) => heard.push(entry.seq))
    expect((await runtime.tell(add(1, 'e1'))).outcome).toBe('committed')
    stop()
    await runtime.tell(add(1, 'e2'))
    expect(heard).toEqual([1])
  })

  test('A6 on a stale observation is answered `unchanged`, and neither journaled nor of effect', async () => {
    const store = memoryStore()
    const runtime = runtimeOf({ store })
    const counted = (n: number, stamp: number, id: string) =>
      letter({ type: 'counted', n, stamp }, { id, source: 'provider' })
    await runtime.tell(counted(5, 2, 'e1'))
    const told = await runtime.tell(counted(4, 1, 'e2'))
    expect(told).toMatchObject({ outcome: 'unchanged', entry: { seq: 1 } })
    expect(await journalOf(store)).toHaveLength(1)
    expect((await stateNow(runtime)).context).toMatchObject({ count: 5, stamp: 2 })
  })

  test('A6 on what a person asks is journaled, though it changes nothing', async () => {
    const runtime = runtimeOf()
    await runtime.tell(letter({ type: 'counted', n: 5, stamp: 2 }, { id: 'e1' }))
    const told = await runtime.tell(letter({ type: 'counted', n: 4, stamp: 1 }, { id: 'e2' }))
    expect(entryOf(told)).toMatchObject({ seq: 2, changed: false })
  })

  test('A6 is decided on what the other process has committed', async () => {
    const store = memoryStore()
    const [one, two] = [runtimeOf({ store }), runtimeOf({ store })]
    const hint = (id: string) => letter({ type: 'answered' }, { id, source: 'provider' })
    await one.tell(add(1, 'e1'))
    await two.tell(letter({ type: 'wait' }, { id: 'e2' }))
    // To the state that `one` remembers this says nothing; to the newest it does.
    expect((await one.tell(hint('e3'))).outcome).toBe('committed')
    expect((await one.tell(hint('e4'))).outcome).toBe('unchanged')
  })
})

describe('a fresh read that several events of one drain ask for', () => {
  const hint = (id: string) => letter({ type: 'hinted' }, { id })

  test('A4 is asked for once', async () => {
    const store = memoryStore()
    const remote = outside()
    const runtime = runtimeOf({ store, performers: [remote] })
    await runtime.tell(add(1, 'e0'))
    await Promise.all(
      [hint('e1'), hint('e2'), hint('e3'), hint('e4')].map((one) => runtime.tell(one)),
    )
    await runtime.idle()
    expect(remote.calls.map(({ effect }) => effect.id)).toEqual(['counter/a#2.1'])
    expect((await journalOf(store)).map(({ effects }) => effects.length)).toEqual([0, 1, 0, 0, 0])
  })

  test('A4 is asked for again by a later drain', async () => {
    const remote = outside()
    const runtime = runtimeOf({ performers: [remote] })
    await runtime.tell(hint('e1'))
    await runtime.tell(hint('e2'))
    await runtime.idle()
    expect(remote.calls).toHaveLength(2)
  })
})

describe('the past', () => {
  test('holds any state at any moment, without a replay', async () => {
    const clock = handClock()
    const runtime = runtimeOf({ clock })
    for (const [index, id] of ['e1', 'e2', 'e3'].entries()) {
      await runtime.tell(add(index + 1, id))
      clock.advance(1_000)
    }
    expect(stateOf(await runtime.at('counter/a', after(1_500))).context.count).toBe(3)
    expect(await runtime.at('counter/a', after(-1))).toBeNull()
    expect(stateOf(await runtime.entry('counter/a', 1)).context.count).toBe(1)
    const page = await runtime.history('counter/a', { cursor: null, limit: 2 })
    expect(page.items.map(({ seq }) => seq)).toEqual([1, 2])
  })

  test('says what was possible, and which guard stood in the way', async () => {
    const runtime = runtimeOf()
    const entry = entryOf(
      await runtime.tell(letter({ type: 'counted', n: 0, stamp: 1 }, { id: 'e1' })),
    )
    const possible = runtime.possible(entry, start)
    expect(possible.find(({ event }) => event === 'close')).toEqual({
      event: 'close',
      from: 'counter.open',
      to: ['counter.closed'],
      description: null,
      guard: 'hasCounted',
      holds: false,
      refuses: null,
    })
    expect(possible.filter(({ event }) => event === 'withdraw')).toMatchObject([
      { guard: 'isEnough', holds: null, refuses: null },
      {
        guard: null,
        holds: true,
        refuses: 'not_enough',
        description: 'There is not enough to take.',
      },
    ])
  })

  test('has times in the order of its entries, though a process’s clock is behind', async () => {
    const store = memoryStore()
    const ahead = handClock()
    ahead.advance(5_000)
    await runtimeOf({ store, clock: ahead }).tell(add(1, 'e1'))
    await runtimeOf({ store, clock: handClock() }).tell(add(1, 'e2'))
    expect((await journalOf(store)).map(({ committedAt }) => committedAt)).toEqual([
      after(5_000),
      after(5_000),
    ])
  })
})

describe('a view', () => {
  const counts: View = {
    name: 'counts',
    rows: (entry) => [
      {
        view: 'counts',
        key: entry.actor,
        keep: 'latest',
        value: { count: stateOf(entry).context.count },
      },
    ],
  }

  test('P9 rebuilt from the journal equals the one that was written along', async () => {
    const store = memoryStore()
    const runtime = runtimeOf({ store, views: [counts] })
    await Promise.all(
      ['a', 'b', 'c'].map((id) => runtime.tell(add(id.length, 'e1', `counter/${id}`))),
    )
    await runtime.tell(add(9, 'e2', 'counter/b'))
    const rows = () => store.viewRows('counts', '', { cursor: null, limit: 10 })
    const live = await rows()
    expect(live.items).toContainEqual({ key: 'counter/b', value: { count: 10 } })
    const progress: number[] = []
    await runtime.rebuild((done) => progress.push(done))
    expect(await rows()).toEqual(live)
    expect(progress.at(-1)).toBe(3)
  })

  test('A8 that throws parks the actor, for its rows belong to the commit', async () => {
    const broken: View = {
      name: 'broken',
      rows: () => {
        throw new Error('a view’s own bug')
      },
    }
    const told = await runtimeOf({ views: [broken] }).tell(add(1, 'e1'))
    expect(told).toEqual({ outcome: 'parked', id: 'counter/a!e1' })
  })

  test('P9 that writes another’s rows, or has another’s name, is refused', async () => {
    expect(() => runtimeOf({ views: [counts, counts] })).toThrow(/one name/)
    const told = await runtimeOf({ views: [{ ...counts, name: 'other' }] }).tell(add(1, 'e1'))
    expect(told.outcome).toBe('parked')
  })
})

test('a runtime that is stopped takes nothing more, and has finished what it took', async () => {
  const store = memoryStore()
  const runtime = runtimeOf({ store })
  const taken = runtime.tell(add(1, 'e1'))
  await runtime.stop()
  expect((await taken).outcome).toBe('committed')
  await expect(runtime.tell(add(1, 'e2'))).rejects.toThrow(RuntimeStopped)
  expect(await journalOf(store)).toHaveLength(1)
})
