import { describe, expect, test } from 'vitest'
import type { Log } from '../actors/ports.ts'
import { createTestClock } from '../scheduler/clock.ts'
import { type Instant, msPerDay, msPerHour, plusMs } from '../values/instant.ts'
import { createReconciler } from './event-walk.ts'

const start: Instant = '2026-01-31T12:00:00.000Z'
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** A provider that lists two events a page, newest first, and what we have of them. */
function world(options: { pagesMax: number } = { pagesMax: 100 }) {
  const clock = createTestClock(start)
  const happened: { id: string; createdAt: Instant; raw: string }[] = []
  const known = new Set<string>()
  const listed: string[] = []
  const gaps: { lostSince: Instant; cursor: string | null }[] = []
  const state: { cursor: string | null; failOn: string | null } = { cursor: null, failOn: null }
  const reconcile = createReconciler({
    clock,
    log: silent,
    overlapMs: msPerHour,
    pagesMax: options.pagesMax,
    async listEventsSince(since, page) {
      listed.push(page ?? since)
      const all = happened.filter((event) => event.createdAt >= since).toReversed()
      const from = page === null ? 0 : all.findIndex((event) => event.id === page) + 1
      const events = all.slice(from, from + 2)
      const hasMore = from + 2 < all.length
      return { events, next: hasMore ? (events.at(-1)?.id ?? null) : null }
    },
    async ingest(raw) {
      if (raw === state.failOn) throw new Error('the store is away')
      const isNew = !known.has(raw)
      known.add(raw)
      return { isNew }
    },
    loadCursor: async () => state.cursor,
    async saveCursor(cursor) {
      state.cursor = cursor
    },
    async gapFound(lostSince) {
      gaps.push({ lostSince, cursor: state.cursor })
    },
  })
  const happensAt = (createdAt: Instant, ...ids: string[]) => {
    for (const id of ids) happened.push({ id, createdAt, raw: `{"id":"${id}"}` })
  }
  return {
    reconcile,
    clock,
    known,
    listed,
    gaps,
    state,
    happensAt,
    happens: (...ids: string[]) => happensAt(clock.now(), ...ids),
    pass: (ms: number) => clock.advanceTo(plusMs(clock.now(), ms)),
    knows: () => [...known].map((raw) => raw.slice(7, -2)).toSorted(),
  }
}

describe('reconciling with the provider’s list of events', () => {
  test('brings in what no webhook brought, over all pages', async () => {
    const w = world()
    w.happens('e1', 'e2', 'e3', 'e4', 'e5')
    w.known.add('{"id":"e2"}')
    expect(await w.reconcile()).toEqual({ read: 5, missed: 4, done: true, gap: false })
    expect(w.knows()).toEqual(['e1', 'e2', 'e3', 'e4', 'e5'])
  })

  test('begins 30 days back, and then reads on from the walk before with an overlap', async () => {
    const w = world()
    await w.reconcile()
    w.pass(2 * msPerHour)
    await w.reconcile()
    expect(w.listed).toEqual([plusMs(start, -30 * msPerDay), plusMs(start, -msPerHour)])
  })

  test('finds an event that the provider listed late', async () => {
    const w = world()
    const createdAt = w.clock.now()
    w.pass(msPerHour / 2)
    await w.reconcile()
    w.pass(msPerHour / 4)
    w.happensAt(createdAt, 'e1')
    await w.reconcile()
    expect(w.knows()).toEqual(['e1'])
  })

  test('reads no more pages than allowed and goes on where it stopped', async () => {
    const w = world({ pagesMax: 1 })
    w.happens('e1', 'e2', 'e3', 'e4', 'e5')
    expect(await w.reconcile()).toMatchObject({ read: 2, done: false })
    w.happens('e6')
    w.pass(2 * msPerHour)
    expect(await w.reconcile()).toMatchObject({ read: 2, done: false })
    expect(await w.reconcile()).toMatchObject({ read: 1, done: true })
    expect(w.knows()).toEqual(['e1', 'e2', 'e3', 'e4', 'e5'])
    await w.reconcile()
    expect(w.knows()).toContain('e6')
  })

  test('reads a page again of which an event was not taken', async () => {
    const w = world()
    w.happens('e1', 'e2', 'e3', 'e4')
    w.state.failOn = '{"id":"e1"}'
    await expect(w.reconcile()).rejects.toThrow('the store is away')
    expect(w.knows()).toEqual(['e2', 'e3', 'e4'])
    w.state.failOn = null
    expect(await w.reconcile()).toEqual({ read: 2, missed: 1, done: true, gap: false })
  })

  test('begins a walk again that was left for more than a day', async () => {
    const w = world({ pagesMax: 1 })
    w.happens('e1', 'e2', 'e3')
    await w.reconcile()
    w.pass(msPerDay + 1)
    await w.reconcile()
    expect(w.listed.at(-1)).toBe(plusMs(start, -30 * msPerDay + msPerDay + 1))
  })

  test.each`
    awayMs               | gap      | why
    ${30 * msPerDay}     | ${false} | ${'all events are still listed'}
    ${30 * msPerDay + 1} | ${true}  | ${'the oldest may be gone'}
    ${400 * msPerDay}    | ${true}  | ${'they are gone'}
  `(
    'after $awayMs ms away tells gap: $gap, for $why',
    async ({ awayMs, gap }: { awayMs: number; gap: boolean }) => {
      const w = world()
      await w.reconcile()
      w.pass(awayMs)
      expect((await w.reconcile()).gap).toBe(gap)
      expect((await w.reconcile()).gap).toBe(false)
    },
  )

  test('tells since when events are lost before it saves that it read on', async () => {
    const w = world()
    await w.reconcile()
    const cursor = w.state.cursor
    w.pass(31 * msPerDay)
    await w.reconcile()
    expect(w.gaps).toEqual([{ lostSince: start, cursor }])
  })

  test('tells of a gap in every call until the walk that found it is done', async () => {
    const w = world({ pagesMax: 1 })
    await w.reconcile()
    w.pass(31 * msPerDay)
    w.happens('e1', 'e2', 'e3')
    expect(await w.reconcile()).toMatchObject({ done: false, gap: true })
    expect(await w.reconcile()).toMatchObject({ done: true, gap: true })
    expect(await w.reconcile()).toMatchObject({ gap: false })
  })
})
