import { describe, expect, test } from 'vitest'
import type { SampleEvent } from '../../test/charts/explore.ts'
import { given } from '../../test/charts/given.ts'
import { day } from '../../test/charts/samples.ts'
import { plusDays, type Instant } from '../../values/instant.ts'
import { ReconciliationContext } from './state.ts'

const start = day(9)

/** What the actor makes of one event after the other, all at `at`. */
function after(events: readonly SampleEvent[], at: Instant = start) {
  return given('reconciliation').when(...events.map((event) => ({ ...event, at })))
}

const ref = 'subscription/sub_1'
const drift = [{ ref, field: 'status', ours: '"active"', theirs: '"canceled"' }]

function part(sweep: number, from: string | null, position: string | null): SampleEvent {
  const found = { sweep, from, objects: 100, driftCount: 1, drift }
  return position === null
    ? { type: 'sweep.finished', ...found }
    : { type: 'sweep.advanced', ...found, position }
}

const moved = { type: 'cursor.moved', cursor: 'c' }
const gap = { type: 'gap.found', lostSince: day(2) }
const refresh = { type: 'refresh' }
const finished = [part(1, null, 'invoices:'), part(1, 'invoices:', null)]

describe('a reconciliation', () => {
  test('begins with a sweep, for nothing says yet that nothing is missing', () => {
    const sweep = { number: 1, reason: 'first', position: null, objects: 0 }
    after([moved]).expect({ state: 'sweeping', context: { cursor: 'c', sweep } })
  })

  test('sums its parts, and keeps the report of the last whole sweep', () => {
    after(finished).expect({
      state: 'watching',
      context: {
        sweep: null,
        report: { objects: 200, driftCount: 2, drift: [...drift, ...drift], finishedAt: start },
      },
    })
  })

  test.each`
    late                          | why
    ${part(1, null, 'invoices:')} | ${'another process has walked the part already'}
    ${part(1, 'charges:', null)}  | ${'it begins where nobody stands'}
    ${part(2, 'invoices:', null)} | ${'it is of another sweep'}
  `('counts a part once: one is left out when $why', ({ late }: { late: SampleEvent }) => {
    after([part(1, null, 'invoices:'), late]).expect({ changed: false })
  })

  test('keeps a hundred differences and counts them all', () => {
    const many = Array.from({ length: 100 }, () => drift).flat()
    const parts = [part(1, null, 'a:'), part(1, 'a:', null)].map((event) => ({
      ...event,
      drift: many,
      driftCount: 100,
    }))
    const { report } = after(parts).context(ReconciliationContext)
    expect(report?.drift).toHaveLength(100)
    expect(report?.driftCount).toBe(200)
  })

  test('sweeps again a day after the last sweep ended, however often its cursor moves', () => {
    const interval = 'xstate.after.sweepInterval.reconciliation.watching'
    const at = plusDays(start, 1)
    after([...finished, moved, moved])
      .expect({ timers: { [interval]: at } })
      .when({ type: interval, at })
      .expect({
        state: 'sweeping',
        context: { sweep: { number: 2, reason: 'routine', startedAt: at } },
      })
  })

  test.each`
    events                | number | why
    ${[...finished, gap]} | ${2}   | ${'it was watching'}
    ${[finished[0], gap]} | ${2}   | ${'the sweep under way may be older than the loss'}
  `(
    'sweeps from the beginning when events were lost, also where $why',
    ({ events, number }: { events: SampleEvent[]; number: number }) => {
      const sweep = { number, reason: 'gap', position: null, objects: 0 }
      after(events).expect({ state: 'sweeping', context: { lostSince: gap.lostSince, sweep } })
    },
  )

  test('sweeps when it is asked to, and refuses to while it does', () => {
    after([...finished, refresh]).expect({
      state: 'sweeping',
      context: { sweep: { reason: 'asked' } },
      refuses: [refresh],
    })
  })
})
