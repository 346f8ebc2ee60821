import { describe, expect, test } from 'vitest'
import { createDecider } from '../../actors/decision/decide.ts'
import type { Entry } from '../../actors/journal/journal.ts'
import { type Instant, plusDays } from '../../values/instant.ts'
import { charts } from '../index.ts'
import { ReconciliationContext } from './state.ts'

const start: Instant = '2027-01-10T00:00:00.000Z'
const decider = createDecider(charts)

type Event = Entry['envelope']['event']

/** What the actor makes of one event after the other, at `at`. */
function after(events: readonly Event[], at: Instant = start) {
  let head: Entry | null = null
  for (const [n, event] of events.entries()) head = told(head, { event, at, id: `e${n}` })
  if (head === null) throw new Error('nothing was told')
  return head
}

function told(head: Entry | null, { event, at, id, source = 'system' }: TellInput): Entry {
  const decision = decider.decide({
    head,
    committedAt: at,
    envelope: {
      id,
      to: 'reconciliation/stripe',
      event,
      source,
      occurredAt: at,
      receivedAt: at,
      causationId: null,
      correlationId: 'c1',
      principal: 'system',
    },
  })
  if (decision.decided === 'entry') return decision.entry
  throw new Error(decision.refusal.code)
}

interface TellInput {
  readonly event: Event
  readonly at: Instant
  readonly id: string
  readonly source?: Entry['envelope']['source']
}

function stateOf({ snapshot }: Entry) {
  return {
    value: snapshot.state['value'],
    ...ReconciliationContext.parse(snapshot.state['context']),
  }
}

const ref = 'subscription/sub_1'
const drift = [{ ref, field: 'status', ours: '"active"', theirs: '"canceled"' }]

function part(sweep: number, from: string | null, position: string | null): Event {
  const found = { sweep, from, objects: 100, driftCount: 1, drift }
  return position === null
    ? { type: 'sweep.finished', ...found }
    : { type: 'sweep.advanced', ...found, position }
}

const moved = { type: 'cursor.moved', cursor: 'c' }
const gap = { type: 'gap.found', lostSince: '2026-12-01T00:00:00.000Z' }
const finished = [part(1, null, 'invoices:'), part(1, 'invoices:', null)]

describe('a reconciliation', () => {
  test('begins with a sweep, for nothing says yet that nothing is missing', () => {
    expect(stateOf(after([moved]))).toMatchObject({
      value: 'sweeping',
      cursor: 'c',
      sweep: { number: 1, reason: 'first', position: null, objects: 0 },
    })
  })

  test('sums its parts, and keeps the report of the last whole sweep', () => {
    const { value, sweep, report } = stateOf(after(finished))
    expect({ value, sweep }).toEqual({ value: 'watching', sweep: null })
    expect(report).toMatchObject({ objects: 200, driftCount: 2, finishedAt: start })
    expect(report?.drift).toHaveLength(2)
  })

  test.each`
    late                          | why
    ${part(1, null, 'invoices:')} | ${'another process has walked the part already'}
    ${part(1, 'charges:', null)}  | ${'it begins where nobody stands'}
    ${part(2, 'invoices:', null)} | ${'it is of another sweep'}
  `('counts a part once: one is left out when $why', ({ late }: { late: Event }) => {
    const before = after([part(1, null, 'invoices:')])
    const entry = told(before, { event: late, at: start, id: 'late' })
    expect(entry.changed).toBe(false)
  })

  test('keeps a hundred differences and counts them all', () => {
    const many = Array.from({ length: 100 }, () => drift[0])
    const parts = [part(1, null, 'a:'), part(1, 'a:', null)].map((event) => ({
      ...event,
      drift: many.flatMap((one) => one ?? []),
      driftCount: 100,
    }))
    const { report } = stateOf(after(parts))
    expect(report?.drift).toHaveLength(100)
    expect(report?.driftCount).toBe(200)
  })

  test('sweeps again a day after the last sweep ended, however often its cursor moves', () => {
    const [timer] = after([...finished, moved, moved]).snapshot.timers
    expect(timer).toMatchObject({
      name: 'xstate.after.sweepInterval.reconciliation.watching',
      dueAt: plusDays(start, 1),
    })
    const watching = after([...finished, moved])
    const event = { type: timer?.name ?? '', instance: watching.snapshot.timers[0]?.instance ?? '' }
    const at = plusDays(start, 1)
    const swept = told(watching, { event, at, id: 't', source: 'timer' })
    expect(stateOf(swept)).toMatchObject({
      value: 'sweeping',
      sweep: { number: 2, reason: 'routine', startedAt: at },
    })
  })

  test.each`
    events                | number | why
    ${[...finished, gap]} | ${2}   | ${'it was watching'}
    ${[finished[0], gap]} | ${2}   | ${'the sweep under way may be older than the loss'}
  `(
    'sweeps from the beginning when events were lost, also where $why',
    ({ events, number }: { events: Event[]; number: number }) => {
      expect(stateOf(after(events))).toMatchObject({
        value: 'sweeping',
        lostSince: gap.lostSince,
        sweep: { number, reason: 'gap', position: null, objects: 0 },
      })
    },
  )

  test('sweeps when it is asked to, and refuses to while it does', () => {
    const asked = after([...finished, { type: 'refresh' }])
    expect(stateOf(asked)).toMatchObject({ value: 'sweeping', sweep: { reason: 'asked' } })
    const again = { event: { type: 'refresh' }, at: start, id: 'again' }
    expect(() => told(asked, again)).toThrow('not_possible_now')
  })
})
