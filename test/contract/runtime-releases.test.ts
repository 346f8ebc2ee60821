import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Charts } from '../../actors/decision/chart.ts'
import { createDecider } from '../../actors/decision/decide.ts'
import type { Store } from '../../actors/ports.ts'
import type { View } from '../../actors/projections.ts'
import { SnapshotTooNew } from '../../actors/decision/upgrade.ts'
import { counterChart, patienceMs } from './counter.ts'
import { nextRelease } from './next-release.ts'
import {
  add,
  handClock,
  letter,
  memoryStore,
  outside,
  quick,
  runtimeOf,
  type HandClock,
} from './runtime-given.ts'

// Two releases over one store: the next one keeps a note more, has no state `closed`, and calls
// patience endurance.

const today: Charts = { counter: counterChart() }
const next: Charts = {
  counter: nextRelease(counterChart(), {
    field: { name: 'note', value: 'none' },
    gone: { state: 'closed', into: 'open' },
    timer: { state: 'waiting', from: 'patience', to: 'endurance' },
  }),
}

const Noted = z.object({
  value: z.string(),
  context: z.object({ note: z.string(), count: z.int() }),
})

/** A view that reads the field that only the next release writes. */
const notes: View = {
  name: 'notes',
  rows: (entry) => [
    {
      view: 'notes',
      key: entry.actor,
      keep: 'latest',
      value: { note: Noted.parse(entry.snapshot.state).context.note },
    },
  ],
}

const wait = letter({ type: 'wait' }, { id: 'wait' })

async function written(store: Store, clock: HandClock): Promise<void> {
  const old = runtimeOf({ store, clock, charts: today })
  await old.tell(add(2, 'e1'))
  await old.tell(letter({ type: 'close' }, { id: 'e2' }))
  await old.tell(add(3, 'e3', 'counter/b'))
  await old.tell({ ...wait, to: 'counter/b' })
  await old.idle()
  await old.stop()
}

function nextOf(store: Store, clock: HandClock) {
  return runtimeOf({ store, clock, charts: next, views: [notes] })
}

describe('a next release over a store of this one', () => {
  test('A10 starts, and reads, decides and projects what the old release wrote through its migrations', async () => {
    const [store, clock] = [memoryStore(), handClock()]
    await written(store, clock)
    const runtime = nextOf(store, clock)
    await runtime.start()
    const read = await runtime.read('counter/a')
    expect(Noted.parse(read?.snapshot.state)).toEqual({
      value: 'open',
      context: { note: 'none', count: 2 },
    })
    const history = await runtime.history('counter/a', { cursor: null, limit: 10 })
    for (const entry of history.items) expect(() => Noted.parse(entry.snapshot.state)).not.toThrow()
    expect((await runtime.tell(add(1, 'e9'))).outcome).toBe('committed')
    await runtime.rebuild(() => {})
    expect(await store.viewRow('notes', 'counter/b')).toEqual({ note: 'none' })
  })

  test('A10 asks an actor that the old release wrote whether an effect is still wanted', async () => {
    const [store, clock] = [memoryStore(), handClock()]
    const asked: unknown[] = []
    const { counter } = next
    if (counter === undefined) throw new Error('there is a counter')
    const charts: Charts = {
      counter: {
        ...counter,
        wanted: {
          charge: (state) => {
            asked.push(Noted.parse(state).context.note)
            return false
          },
        },
      },
    }
    const old = runtimeOf({ store, clock, charts: today, performers: [] })
    await old.tell(letter({ type: 'charge' }, { id: 'e1' }))
    await old.stop()
    clock.advance(quick.leaseMs)
    const runtime = runtimeOf({ store, clock, charts })
    // It was parked for want of a performer, and a person retries it.
    await runtime.retryParked('counter/a#1.1', 'operator:ada')
    await runtime.idle()
    expect(asked).toEqual(['none'])
  })

  test('A10 fires a timer that the old release set under its old name', async () => {
    const [store, clock] = [memoryStore(), handClock()]
    await written(store, clock)
    const runtime = nextOf(store, clock)
    clock.advance(patienceMs)
    expect(await runtime.fireDueTimers()).toBe(1)
    expect((await runtime.read('counter/b'))?.snapshot.state).toMatchObject({
      value: 'open',
      context: { overdue: 1, note: 'none' },
    })
  })
})

describe('two releases side by side', () => {
  test('A10 the old one leaves to the new one what that has written, and does the rest', async () => {
    const [store, clock] = [memoryStore(), handClock()]
    await written(store, clock)
    const old = runtimeOf({ store, clock, charts: today })
    const runtime = nextOf(store, clock)
    await runtime.tell(add(1, 'new'))
    await expect(old.tell(add(1, 'old'))).rejects.toThrow(SnapshotTooNew)
    await expect(old.read('counter/a')).rejects.toThrow(SnapshotTooNew)
    expect((await old.tell(add(1, 'old', 'counter/c'))).outcome).toBe('committed')
    // What one tells the other's actor waits for a process that can read it.
    const told = await old.tell({
      ...letter({ type: 'greet', to: 'counter/a' }, { id: 'hello' }),
      to: 'counter/c',
    })
    expect(told.outcome).toBe('committed')
    await old.idle()
    clock.advance(quick.waitMs)
    await runtime.idle()
    expect((await runtime.read('counter/a'))?.snapshot.state).toMatchObject({
      context: { count: 3, greeters: { 'counter/c': 2 } },
    })
  })

  test('A10 back again: the old one fires its own timers though another’s stands before them', async () => {
    const [store, clock] = [memoryStore(), handClock()]
    const runtime = nextOf(store, clock)
    await runtime.tell(add(1, 'e1'))
    await runtime.tell(wait)
    await runtime.stop()
    const old = runtimeOf({ store, clock, charts: today, performers: [outside()] })
    await old.tell(add(1, 'e1', 'counter/b'))
    await old.tell({ ...wait, to: 'counter/b' })
    clock.advance(patienceMs)
    expect(await old.fireDueTimers()).toBe(1)
    expect((await old.read('counter/b'))?.snapshot.state).toMatchObject({
      context: { overdue: 1 },
    })
    // Forward once more: nothing that waited was lost.
    expect(await nextOf(store, clock).fireDueTimers()).toBe(1)
  })
})

test('a state that both releases know is read the same by both', () => {
  const decide = (charts: Charts) =>
    createDecider(charts).decide({
      head: null,
      envelope: add(5, 'e1'),
      committedAt: add(5, 'e1').receivedAt,
    })
  const [a, b] = [decide(today), decide(next)]
  if (a.decided !== 'entry' || b.decided !== 'entry') throw new Error('both take it')
  expect(b.entry.snapshot.state).toMatchObject({ value: a.entry.snapshot.state['value'] ?? null })
})

test('A10 a timer that the next release drops is due once, and then no more', async () => {
  const [store, clock] = [memoryStore(), handClock()]
  await written(store, clock)
  const { counter } = next
  if (counter === undefined) throw new Error('there is a counter')
  const [migration] = counter.migrations
  if (migration === undefined) throw new Error('it has a migration')
  const timers = { 'xstate.after.patience.counter.waiting': null }
  const dropped: Charts = { counter: { ...counter, migrations: [{ ...migration, timers }] } }
  const runtime = runtimeOf({ store, clock, charts: dropped })
  await runtime.start()
  clock.advance(patienceMs)
  await runtime.fireDueTimers()
  expect(await store.dueTimers(clock.now(), 10)).toEqual([])
  expect(await store.nextTimerAt()).toBeNull()
})
