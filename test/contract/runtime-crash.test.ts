import { describe, expect, test } from 'vitest'
import type { Envelope } from '../../actors/journal/envelope.ts'
import { defaultLimits } from '../../actors/limits.ts'
import { everythingReady } from '../../actors/pause.ts'
import type { Store } from '../../actors/ports.ts'
import type { Runtime } from '../../actors/runtime.ts'
import type { TellOutcome } from '../../actors/tell-outcome.ts'
import { patienceMs } from './counter.ts'
import { counted, dyingAt, failingOnce } from './runtime-faults.ts'
import {
  add,
  handClock,
  journalOf,
  letter,
  memoryStore,
  outside,
  runtimeOf,
  stateOf,
  type HandClock,
  type Outside,
} from './runtime-given.ts'

// A counter adds, asks the outside, greets another and waits until patience runs out.
const story: readonly Envelope[] = [
  add(1, 'e1'),
  letter({ type: 'call', ask: 'who' }, { id: 'e2' }),
  letter({ type: 'greet', to: 'counter/b' }, { id: 'e3' }),
  letter({ type: 'wait' }, { id: 'e4' }),
]

interface World {
  readonly store: Store
  readonly clock: HandClock
  readonly outside: Outside
}

function newWorld(): World {
  return { store: memoryStore(), clock: handClock(), outside: outside() }
}

function processOf({ clock, outside }: World, store: Store): Runtime {
  return runtimeOf({ store, clock, performers: [outside], limits: { decisionsPerCommit: 3 } })
}

/**
 * Plays what is left of the story and gives up, as a process does that loses its store. Tells what
 * it knows.
 */
async function play(runtime: Runtime, { clock }: World, left: readonly Envelope[]) {
  const acknowledged = new Map<string, TellOutcome>()
  try {
    for (const envelope of left) acknowledged.set(envelope.id, await runtime.tell(envelope))
    await runtime.idle()
    clock.advance(patienceMs)
    await runtime.fireDueTimers()
    await runtime.idle()
  } catch {
    // The next process goes on.
  }
  await runtime.stop()
  return acknowledged
}

async function expectTheEnd(world: World): Promise<void> {
  const a = await journalOf(world.store)
  const b = await journalOf(world.store, 'counter/b')
  const ids = [...a, ...b].map(({ actor, envelope }) => `${actor} ${envelope.id}`)
  expect(new Set(ids).size).toBe(ids.length)
  expect(a.map(({ seq }) => seq)).toEqual(a.map((_entry, index) => index + 1))
  const last = a.at(-1) ?? null
  expect(stateOf(last)).toMatchObject({
    value: 'open',
    context: { count: 1, answers: ['who!'], overdue: 1 },
  })
  expect(Object.keys(stateOf(b.at(-1) ?? null).context.greeters)).toEqual(['counter/a'])
  const performed = new Set(world.outside.calls.map(({ effect }) => effect.id))
  const asked = a.flatMap(({ effects }) => effects).filter(({ kind }) => kind === 'remote')
  expect([...performed]).toEqual(asked.map(({ id }) => id))
}

async function operationsOfTheStory(): Promise<number> {
  const world = newWorld()
  const counting = counted(world.store)
  await play(processOf(world, counting.store), world, story)
  await expectTheEnd(world)
  return counting.operations()
}

describe.each(['before', 'after'] as const)('a store that fails %s its effect', (when) => {
  test('A4 fails once, at any operation: the same process gets to the same end', async () => {
    const operations = await operationsOfTheStory()
    for (let n = 1; n <= operations; n += 1) {
      const world = newWorld()
      const runtime = processOf(world, failingOnce(world.store, n, when))
      const acknowledged = await play(runtime, world, story)
      // What reads but is no part of an event's path (the claim, the list of timers) ends that run
      // of its job.
      const next = processOf(world, world.store)
      world.clock.advance(defaultLimits.leaseMs)
      await next.idle()
      await play(next, world, story)
      await expectTheEnd(world)
      expect([...acknowledged.values()].map(({ outcome }) => outcome)).toEqual(
        story.map(() => 'committed'),
      )
    }
  })

  test('A4 dies with its process at any operation: the next process gets to the same end', async () => {
    const operations = await operationsOfTheStory()
    for (let n = 1; n <= operations; n += 1) {
      const world = newWorld()
      const acknowledged = await play(processOf(world, dyingAt(world.store, n, when)), world, story)
      for (const [id, told] of acknowledged) {
        const seqs = await world.store.seqsOf('counter/a', [id])
        expect(told.outcome === 'committed' && seqs.get(id) === told.entry.seq).toBe(true)
      }
      world.clock.advance(defaultLimits.leaseMs)
      const next = processOf(world, world.store)
      await next.start()
      // Whoever got no answer asks again; who got one may ask again.
      await play(next, world, story)
      await expectTheEnd(world)
    }
  })
})

describe('a crash', () => {
  test('A4 between the commit and its effect leaves the effect to the next process, when its lease ends', async () => {
    const world = newWorld()
    const first = processOf({ ...world, outside: hanging() }, world.store)
    const told = await first.tell(letter({ type: 'call', ask: 'who' }, { id: 'e1' }))
    expect(told.outcome).toBe('committed')
    const next = processOf(world, world.store)
    await next.start()
    await next.idle()
    expect(world.outside.calls).toEqual([])
    world.clock.advance(defaultLimits.leaseMs)
    await next.idle()
    expect(world.outside.calls.map(({ effect, tries }) => [effect.id, tries])).toEqual([
      ['counter/a#1.1', 1],
    ])
  })

  test('A4 an orderly stop gives back what was not begun, at once and as new', async () => {
    const world = newWorld()
    const busy = runtimeOf({
      ...world,
      performers: [hanging()],
      limits: { concurrency: 1 },
    })
    for (const id of ['e1', 'e2', 'e3']) {
      await busy.tell(letter({ type: 'call', ask: id }, { id }))
    }
    // The first hangs for ever, and with it the stop; what was not begun is free all the same.
    void busy.stop()
    const next = processOf(world, world.store)
    for (let turn = 0; turn < 50 && world.outside.calls.length < 2; turn += 1) {
      await everythingReady()
      await next.idle()
    }
    expect(world.outside.calls.map(({ effect, tries }) => [effect.id, tries])).toEqual([
      ['counter/a#2.1', 0],
      ['counter/a#3.1', 0],
    ])
  })

  test('A5 between an effect and the end of its claim performs it again, with the same id, and tells it once', async () => {
    const world = newWorld()
    const call = letter({ type: 'call', ask: 'who' }, { id: 'e1' })
    const unsettled = processOf(world, withoutSettling(world.store))
    await unsettled.tell(call)
    await unsettled.idle()
    await unsettled.stop()
    world.clock.advance(defaultLimits.leaseMs)
    await processOf(world, world.store).idle()
    expect(world.outside.calls.map(({ effect }) => effect.id)).toEqual([
      'counter/a#1.1',
      'counter/a#1.1',
    ])
    const entries = await journalOf(world.store)
    expect(entries.map(({ envelope }) => envelope.id)).toEqual(['e1', 'counter/a#1.1:1'])
  })

  test('A4 keeps the moment of the first try, which a provider counts its key window from', async () => {
    const world = newWorld()
    const first = processOf(world, withoutSettling(world.store))
    await first.tell(letter({ type: 'call', ask: 'who' }, { id: 'e1' }))
    await first.idle()
    const triedAt = world.clock.now()
    world.clock.advance(defaultLimits.leaseMs)
    await processOf(world, world.store).idle()
    expect(world.outside.calls.map(({ firstTriedAt, tries }) => [firstTriedAt, tries])).toEqual([
      [triedAt, 0],
      [triedAt, 1],
    ])
  })
})

/** An outside that never answers. */
function hanging(): Outside {
  const calls: Outside['calls'] = []
  return { calls, provider: null, kinds: ['remote'], perform: () => new Promise(() => {}) }
}

/** As if the process died before it could end its claims. */
function withoutSettling(store: Store): Store {
  return { ...store, settle: () => Promise.resolve() }
}
