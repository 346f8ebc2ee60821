import { describe, expect, test } from 'vitest'
import { setup } from 'xstate'
import { z } from 'zod'
import type { Chart } from '../../actors/decision/chart.ts'
import type { Log } from '../../actors/ports.ts'
import { timerNamesOf } from '../../actors/timers.ts'
import { patienceMs } from './counter.ts'
import {
  after,
  handClock,
  journalOf,
  letter,
  memoryStore,
  runtimeOf,
  silent,
} from './runtime-given.ts'

// A chart that ticks: every timer sets the next one.
function ticker(everyMs: number): Chart {
  const events = z.object({ type: z.literal('begin') })
  return {
    type: 'ticker',
    version: 1,
    migrations: [],
    events,
    requests: new Set(),
    context: z.unknown(),
    machine: setup({ delays: { beat: everyMs } }).createMachine({
      id: 'ticker',
      initial: 'still',
      states: {
        still: { on: { begin: 'tick' } },
        tick: { after: { beat: 'tock' } },
        tock: { after: { beat: 'tick' } },
      },
    }),
  }
}

const begin = letter({ type: 'begin' }, { id: 'e1', to: 'ticker/a' })

describe('timers', () => {
  test('A7 that follow from each other keep their own time, however late they are fired', async () => {
    const store = memoryStore()
    const clock = handClock()
    const runtime = runtimeOf({ store, clock, charts: { ticker: ticker(1_000) } })
    await runtime.tell(begin)
    clock.advance(3_700)
    expect(await runtime.fireDueTimers()).toBe(3)
    const entries = await journalOf(store, 'ticker/a')
    expect(entries.map(({ envelope }) => envelope.occurredAt)).toEqual([
      after(0),
      after(1_000),
      after(2_000),
      after(3_000),
    ])
    expect(await store.nextTimerAt()).toBe(after(4_000))
  })

  test('A7 of a crowd never fill more than a batch, so that others have their turn', async () => {
    const store = memoryStore()
    const clock = handClock()
    const sizes: number[] = []
    const watched = {
      ...store,
      append: (...args: Parameters<typeof store.append>) => {
        sizes.push(args[0].length)
        return store.append(...args)
      },
    }
    const limits = { timersPerBatch: 30 }
    const charts = { ticker: ticker(1_000) }
    const runtime = runtimeOf({ store: watched, clock, charts, limits })
    for (let n = 0; n < 200; n += 1) {
      await runtime.tell(letter({ type: 'begin' }, { id: `e${n}`, to: `ticker/${n}` }))
    }
    clock.advance(1_500)
    sizes.length = 0
    expect(await runtime.fireDueTimers()).toBe(200)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(30)
  })

  test('A7 of thousands of actors are fired in batches, until none is due', async () => {
    const clock = handClock()
    const runtime = runtimeOf({ clock, limits: { timersPerBatch: 30 } })
    await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        runtime.tell(letter({ type: 'wait' }, { id: 'e1', to: `counter/${n}` })),
      ),
    )
    clock.advance(patienceMs)
    expect(await runtime.fireDueTimers()).toBe(200)
    expect(await runtime.fireDueTimers()).toBe(0)
  })

  test('A7 that became due while everything was down are fired once by the next process', async () => {
    const store = memoryStore()
    const clock = handClock()
    const first = runtimeOf({ store, clock })
    await first.tell(letter({ type: 'wait' }, { id: 'e1' }))
    await first.stop()
    clock.advance(100 * patienceMs)
    const next = runtimeOf({ store, clock })
    await next.start()
    expect(await next.fireDueTimers()).toBe(1)
    expect((await journalOf(store)).at(-1)?.envelope.occurredAt).toBe(after(patienceMs))
  })

  test('A7 of a chart are listed by their names, which are stored data', () => {
    expect(timerNamesOf(ticker(1_000))).toEqual([
      'xstate.after.beat.ticker.tick',
      'xstate.after.beat.ticker.tock',
    ])
  })

  test('A7 of a chart that sets itself a timer without delay end at the limit, and say so', async () => {
    const events: string[] = []
    const log: Log = { ...silent, error: (event) => events.push(event) }
    const charts = { ticker: ticker(0) }
    const runtime = runtimeOf({ charts, log, limits: { timerBatches: 5 } })
    await runtime.tell(begin)
    expect(await runtime.fireDueTimers()).toBe(5)
    expect(events).toEqual(['timers.endless'])
  })
})
