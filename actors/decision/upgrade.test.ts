import { describe, expect, test } from 'vitest'
import { assign, setup } from 'xstate'
import { z } from 'zod'
import {
  after,
  letter,
  memoryStore,
  quick,
  runtimeOf,
  handClock,
  journalOf,
} from '../../test/contract/runtime-given.ts'
import type { Chart, Migration } from './chart.ts'
import { createDecider } from './decide.ts'
import { UnknownTimers } from '../timers.ts'
import { checkMigrations, MigrationsIncomplete, SnapshotTooNew } from './upgrade.ts'

// Release 1 calls its state `resting` and counts in `n`; release 2 calls them `asleep` and `naps`.
const events = z.object({ type: z.enum(['lie', 'noise']) })
const restMs = 60_000

interface V1 {
  context?: { n: number }
  events?: { type: 'lie' | 'noise' }
}
interface V2 {
  context?: { naps: number; dreams: string[] }
  events?: { type: 'lie' | 'noise' }
}
const v1: V1 = {}
const v2: V2 = {}

const release1: Chart = {
  type: 'cat',
  version: 1,
  migrations: [],
  events,
  requests: new Set(),
  context: z.unknown(),
  machine: setup({ types: v1, delays: { rest: restMs } }).createMachine({
    id: 'cat',
    context: { n: 0 },
    initial: 'awake',
    states: {
      awake: { on: { lie: 'resting' } },
      resting: {
        after: {
          rest: { target: 'awake', actions: assign({ n: ({ context }) => context.n + 1 }) },
        },
      },
    },
  }),
}

const renamed: Migration = {
  from: 1,
  reason: 'resting is called asleep, n is called naps, and dreams are kept',
  since: '0.2.0',
  migrate: (state) => {
    const { n } = z.object({ n: z.int() }).parse(state['context'])
    const value = state['value'] === 'resting' ? 'asleep' : 'awake'
    return { ...state, value, context: { naps: n, dreams: [] } }
  },
  timers: { 'xstate.after.rest.cat.resting': 'xstate.after.nap.cat.asleep' },
}

const release2: Chart = {
  ...release1,
  version: 2,
  migrations: [renamed],
  machine: setup({ types: v2, delays: { nap: restMs } }).createMachine({
    id: 'cat',
    context: { naps: 0, dreams: [] },
    initial: 'awake',
    states: {
      awake: { on: { lie: 'asleep' } },
      asleep: {
        after: {
          nap: { target: 'awake', actions: assign({ naps: ({ context }) => context.naps + 1 }) },
        },
      },
    },
  }),
}

const lie = (id: string) => letter({ type: 'lie' }, { id, to: 'cat/tom' })

async function lyingUnder(chart: Chart) {
  const store = memoryStore()
  const clock = handClock()
  await runtimeOf({ store, clock, charts: { cat: chart } }).tell(lie('e1'))
  clock.advance(restMs)
  return { store, clock }
}

describe('a release that renames a state and its timer', () => {
  test('A7 fires the timer that the old release armed, and ends where the new one would have', async () => {
    const { store, clock } = await lyingUnder(release1)
    const next = runtimeOf({ store, clock, charts: { cat: release2 } })
    await next.start()
    expect(await next.fireDueTimers()).toBe(1)
    const fresh = await lyingUnder(release2)
    await runtimeOf({ ...fresh, charts: { cat: release2 } }).fireDueTimers()
    const [migrated] = (await journalOf(store, 'cat/tom')).slice(-1)
    const [born] = (await journalOf(fresh.store, 'cat/tom')).slice(-1)
    expect(migrated?.snapshot).toEqual(born?.snapshot)
    expect(migrated?.snapshot.state).toMatchObject({ value: 'awake', context: { naps: 1 } })
  })

  test('A7 does not start without the timer’s new name', async () => {
    const { store, clock } = await lyingUnder(release1)
    const { timers: _timers, ...nameless } = renamed
    const forgetful = { ...release2, migrations: [nameless] }
    const starting = runtimeOf({ store, clock, charts: { cat: forgetful } }).start()
    await expect(starting).rejects.toThrow(UnknownTimers)
    await expect(starting).rejects.toMatchObject({ names: ['xstate.after.rest.cat.resting'] })
  })

  test('reads every older state in full before it decides', async () => {
    const { store, clock } = await lyingUnder(release1)
    const next = runtimeOf({ store, clock, charts: { cat: release2 } })
    const told = await next.tell(letter({ type: 'noise' }, { id: 'e2', to: 'cat/tom' }))
    expect(told).toMatchObject({
      outcome: 'committed',
      entry: {
        changed: false,
        snapshot: {
          version: 2,
          state: { value: 'asleep', context: { naps: 0, dreams: [] } },
          timers: [{ name: 'xstate.after.nap.cat.asleep', dueAt: after(restMs) }],
        },
      },
    })
  })
})

test('a process of an older release leaves a newer state alone, and parks nothing', async () => {
  const { store, clock } = await lyingUnder(release2)
  const old = runtimeOf({ store, clock, charts: { cat: release1 } })
  await expect(old.tell(lie('e2'))).rejects.toThrow(SnapshotTooNew)
  expect(await store.parkedEnvelope('cat/tom')).toBeNull()
  expect(
    await runtimeOf({ store, clock, charts: { cat: release2 } }).tell(lie('e2')),
  ).toMatchObject({
    outcome: 'committed',
  })
})

test.each`
  version | froms     | why
  ${2}    | ${[]}     | ${'one is missing'}
  ${3}    | ${[2, 1]} | ${'they are out of order'}
  ${1}    | ${[1]}    | ${'one leads past the chart'}
`('a chart is refused if $why', ({ version, froms }: { version: number; froms: number[] }) => {
  const chart = { ...release1, version, migrations: froms.map((from) => ({ ...renamed, from })) }
  expect(() => checkMigrations(chart)).toThrow(MigrationsIncomplete)
  expect(() => createDecider({ cat: chart }, quick.effectsPerEntry)).toThrow(MigrationsIncomplete)
})
