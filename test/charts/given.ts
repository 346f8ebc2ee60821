import { expect } from 'vitest'
import type { z } from 'zod'
import { createDecider, type Decision } from '../../actors/decision/decide.ts'
import { contextOf } from '../../actors/decision/read-snapshot.ts'
import { Envelope } from '../../actors/journal/envelope.ts'
import type { Effect, Entry } from '../../actors/journal/journal.ts'
import type { EffectKind } from '../../machines/effects.ts'
import { charts } from '../../machines/index.ts'
import { plusMs, type Instant } from '../../values/instant.ts'
import type { ChartName, SampleEvent } from './explore.ts'
import { sampleIds, second } from './samples.ts'

// One actor of a chart, as the runtime decides for it: `given('invoice').when(issued).expect({ …
// })`.

/** An effect: by its name (its kind, or `<to> <event>` of what is told), or by what it holds. */
export type EffectSample = string | Readonly<Record<string, unknown>>

/** What must hold after the last event; what is not named may be anything. */
export interface Outcome {
  /** Where it stands: its state, or those of the regions that are named. */
  readonly state?: string | Readonly<Record<string, unknown>>
  /** What it remembers, of the fields that are named. */
  readonly context?: Readonly<Record<string, unknown>>
  /** All that the last event asked for, in order; or all of each kind that is named. */
  readonly effects?:
    | readonly EffectSample[]
    | Readonly<Partial<Record<EffectKind, readonly EffectSample[]>>>
  /** Effects of the last event that are among the others. */
  readonly among?: readonly EffectSample[]
  /** When each of its timers is due, by the timer's name. */
  readonly timers?: Readonly<Record<string, Instant>>
  /** Whether the last event changed anything. */
  readonly changed?: boolean
  /** Requests that it would take now. */
  readonly takes?: readonly SampleEvent[]
  /** Requests that it would refuse now. */
  readonly refuses?: readonly SampleEvent[]
}

/** An actor after some events; it never changes, so that a test may go on from it twice. */
export interface SampleActor {
  /**
   * The actor after these as well, each a second after the one before unless it brings its own
   * `at`. Throws where a request is refused.
   */
  when(...events: readonly SampleEvent[]): SampleActor
  /** Fails where something of this does not hold. */
  expect(outcome: Outcome): SampleActor
  readonly state: unknown
  /** What it remembers, by the schema of its context. */
  context<Schema extends z.ZodType>(schema: Schema): z.infer<Schema>
  /** What the last event asked for, by name. */
  readonly asked: readonly string[]
  /** The number of its newest entry, by which the answers to its reads name it. */
  readonly seq: number
}

interface Life {
  readonly entry: Entry | null
  readonly now: Instant
}

const decider = createDecider(charts)

/** An actor of this type that was told nothing yet. */
export function given(type: ChartName): SampleActor {
  return after(type, { entry: null, now: second(0) })
}

function after(type: ChartName, life: Life): SampleActor {
  const { entry } = life
  const told = () => {
    if (entry === null) throw new Error(`no ${type} yet: it was told nothing`)
    return entry
  }
  const it: SampleActor = {
    when(...events) {
      return after(
        type,
        events.reduce((before, event) => next(type, before, event), life),
      )
    },
    expect({ takes = [], refuses = [], ...outcome }) {
      if (Object.keys(outcome).length > 0) {
        expectState(told(), outcome)
        expectEffects(told().effects, outcome)
      }
      const isTaken = (request: SampleEvent) => decide(type, life, request).decided === 'entry'
      expect(takes.filter((request) => !isTaken(request))).toEqual([])
      expect(refuses.filter(isTaken)).toEqual([])
      return it
    },
    get state() {
      return told().snapshot.state['value']
    },
    context: (schema) => contextOf(told(), schema),
    asked: (entry?.effects ?? []).map(nameOf),
    seq: entry?.seq ?? 0,
  }
  return it
}

function next(type: ChartName, before: Life, event: SampleEvent): Life {
  const decision = decide(type, before, event)
  if (decision.decided === 'refused') {
    throw new Error(`${event.type} is refused: ${decision.refusal.code}`)
  }
  return { entry: decision.entry, now: decision.entry.envelope.occurredAt }
}

function decide(type: ChartName, { entry, now }: Life, { at, ...event }: SampleEvent): Decision {
  const occurredAt = at ?? plusMs(now, 1000)
  const timer = entry?.snapshot.timers.find(({ name }) => name === event.type)
  if (timer === undefined && event.type.startsWith('xstate.')) {
    throw new Error(`no timer ${event.type} is armed`)
  }
  const envelope = Envelope.parse({
    id: `event_${(entry?.seq ?? 0) + 1}`,
    to: `${type}/${sampleIds[type]}`,
    event: timer === undefined ? event : { ...event, instance: timer.instance },
    source: timer === undefined ? 'operator' : 'timer',
    occurredAt,
    receivedAt: occurredAt,
    causationId: null,
    correlationId: 'test',
    principal: 'operator:ada',
  })
  return decider.decide({ head: entry, envelope, committedAt: occurredAt })
}

function expectState(entry: Entry, { state, context, timers, changed }: Outcome): void {
  const { snapshot } = entry
  if (typeof state === 'string') expect(snapshot.state['value']).toBe(state)
  else if (state !== undefined) expect(snapshot.state['value']).toMatchObject(state)
  if (context !== undefined) expect(snapshot.state['context']).toMatchObject(context)
  if (timers !== undefined) {
    const due = snapshot.timers.map(({ name, dueAt }) => [name, dueAt])
    expect(Object.fromEntries(due)).toEqual(timers)
  }
  if (changed !== undefined) expect(entry.changed).toBe(changed)
}

function expectEffects(all: readonly Effect[], { effects, among = [] }: Outcome): void {
  if (Array.isArray(effects)) expectEach(all, effects)
  else {
    for (const [kind, samples] of Object.entries(effects ?? {})) {
      expectEach(
        all.filter((effect) => effect.kind === kind),
        samples,
      )
    }
  }
  const names = all.map(nameOf)
  for (const sample of among) {
    if (typeof sample === 'string') expect(names).toContain(sample)
    else expect(all).toContainEqual(expect.objectContaining(sample))
  }
}

function expectEach(effects: readonly Effect[], samples: readonly EffectSample[]): void {
  const comparable = effects.map((effect, index) =>
    typeof samples[index] === 'object' ? effect : nameOf(effect),
  )
  expect(comparable).toHaveLength(samples.length)
  expect(comparable).toMatchObject(samples)
}

function nameOf({ kind, to, event }: Effect): string {
  const type = typeof event === 'object' && event !== null ? Reflect.get(event, 'type') : ''
  return kind === 'tell' ? [to, type].join(' ') : kind
}
