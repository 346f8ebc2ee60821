import type { AnyMachineSnapshot } from 'xstate'
import type { Chart, Summary } from '../../actors/decision/chart.ts'
import type { Statechart, Step } from '../../actors/decision/statechart.ts'
import { charts } from '../../machines/index.ts'
import type { Instant } from '../../values/instant.ts'
import { canonical } from '../../values/json.ts'
import { bookkeeping, type Bookkeeping } from './bookkeeping.ts'
import { askedAgain, saidAgain, speakerOf, stepping } from './step.ts'

// Every order in which the events of one story can reach one actor, by depth-first search over what
// is still to come: exhaustive, and quick, because most orders meet again in one state.

export type ChartName = keyof typeof charts

export const chartNames: readonly ChartName[] = [
  'account',
  'subscription',
  'invoice',
  'payment',
  'dunning',
  'event',
  'reconciliation',
]

/** Something that an actor is told, as its schema has it. */
export interface SampleEvent {
  readonly type: string
  /** When it happened, where that matters. */
  readonly at?: Instant
  readonly [field: string]: unknown
}

export interface StoryEvent {
  readonly event: SampleEvent
  readonly at: Instant
  /**
   * The object that it shows, as a fresh read names it (`subscription:sub_1`); null for a summary.
   */
  readonly object: string | null
  /** It comes only where it was asked for. */
  readonly only?: 'as an answer'
}

export interface Story {
  readonly chart: ChartName
  readonly id: string
  /** What happened, in the order in which it did. */
  readonly happened: readonly StoryEvent[]
  /** How often each event is delivered. */
  readonly times: number
  /**
   * `final`: every read shows the object after all that happened. `live`: a read is performed at
   * any moment after it was asked for and shows the object as it then was. `missing`: the object is
   * gone.
   */
  readonly reads: 'final' | 'live' | 'missing'
  /** What a read shows beyond the last event on its object, such as an invoice's payment. */
  readonly shown?: (event: SampleEvent) => SampleEvent
}

export interface RunEnd {
  readonly state: string
  /** One order that ended so. */
  readonly order: readonly string[]
}

export interface Exploration {
  readonly endings: readonly RunEnd[]
  /** Of every actor that was told a summary, all the summaries that were its last. */
  readonly lastTold: ReadonlyMap<string, ReadonlySet<string>>
  /** How many different situations were met. */
  readonly situations: number
}

interface FreshRead {
  readonly object: string
  readonly seq: number
  /** The happening that it shows; null until it is performed. */
  readonly shows: number | null
}

interface Situation {
  readonly snapshot: AnyMachineSnapshot
  readonly seq: number
  /** How many happenings have happened. */
  readonly now: number
  readonly left: readonly number[]
  readonly reads: readonly FreshRead[]
  /** The last summary that each other actor was told. */
  readonly told: Readonly<Record<string, string>>
}

/** Where every order of a story ends; one ending means that the chart is confluent over it. */
export function explore(story: Story): Exploration {
  const statechart = stepping(story.chart)
  const endings = new Map<string, RunEnd>()
  const lastHeard: Situation['told'][] = []
  const met = new Set<string>()
  const order: string[] = []

  function visit(situation: Situation): void {
    const key = keyOf(story.chart, situation)
    if (met.has(key)) return
    met.add(key)
    const next = movesFrom(story, statechart, situation)
    if (next.length === 0) {
      const state = endOf(story.chart, situation.snapshot)
      lastHeard.push(situation.told)
      if (!endings.has(state)) endings.set(state, { state, order: [...order] })
    }
    for (const move of next) {
      order.push(move.name)
      visit(move.make())
      order.pop()
    }
  }

  const { snapshot } = statechart.begin({ id: story.id })
  const now = story.reads === 'live' ? 0 : story.happened.length
  const left = story.happened.map(({ only }) => (only === 'as an answer' ? 0 : story.times))
  visit({ snapshot, seq: 1, now, left, reads: [], told: {} })
  return { endings: [...endings.values()], lastTold: lastToldIn(lastHeard), situations: met.size }
}

/** Who was told nothing has as much to remember as who was told that it is over. */
function lastToldIn(endings: readonly Situation['told'][]): Map<string, Set<string>> {
  const receivers = new Set(endings.flatMap((told) => Object.keys(told)))
  return new Map(
    [...receivers].map((to) => [to, new Set(endings.map((told) => told[to] ?? over))] as const),
  )
}

const over = 'it is over'

interface Move {
  readonly name: string
  make(): Situation
}

function movesFrom(story: Story, statechart: Statechart, situation: Situation): Move[] {
  const { now, left, reads } = situation
  const { happened } = story
  const moves: Move[] = []
  if (now < happened.length) {
    moves.push({
      name: `#${now + 1} happens`,
      make: () => ({ ...situation, now: now + 1 }),
    })
  }
  happened.slice(0, now).forEach(({ event, at }, index) => {
    if (left[index] === 0) return
    moves.push({
      name: `#${index + 1} arrives`,
      make: () =>
        tell(
          { story, statechart },
          situation,
          { ...event, at },
          {
            left: left.map((count, i) => (i === index ? count - 1 : count)),
            reads,
          },
        ),
    })
  })
  reads.forEach((read, index) => {
    const others = reads.filter((_, i) => i !== index)
    moves.push(...movesOfRead({ story, statechart, situation }, read, others))
  })
  return moves
}

interface PlayInput {
  readonly story: Story
  readonly statechart: Statechart
  readonly situation: Situation
}

function movesOfRead(playing: PlayInput, read: FreshRead, others: readonly FreshRead[]): Move[] {
  const { story, situation } = playing
  const { left, now } = situation
  if (read.shows === null && story.reads === 'live') {
    const shows = lastOf(story, read.object, now)
    const make = () => ({ ...situation, reads: [...others, { ...read, shows }] })
    return [{ name: `the read of entry ${read.seq} sees #${shows + 1}`, make }]
  }
  const shows = read.shows ?? lastOf(story, read.object, story.happened.length)
  const { event, at } = happeningOf(story, shows)
  const answer =
    speakerOf(event) === read.object
      ? { ...saidAgain(event), at }
      : story.reads === 'missing' && read.object !== 'policy'
        ? { type: 'object.missing', object: read.object, id: read.object, at }
        : { ...(story.shown?.(event) ?? event), at, read: read.seq }
  const make = () => tell(playing, situation, answer, { left, reads: others })
  return [{ name: `the read of entry ${read.seq} is answered`, make }]
}

function happeningOf(story: Story, index: number): StoryEvent {
  const happening = story.happened[index]
  if (happening === undefined) throw new Error(`nothing happened as number ${index}`)
  return happening
}

function lastOf({ happened }: Story, object: string, before: number): number {
  const index = happened
    .slice(0, before)
    .findLastIndex((one) => one.object === object || speakerOf(one.event) === object)
  if (index === -1) throw new Error(`a read of ${object}, which the story does not tell of`)
  return index
}

function tell(
  { story, statechart }: Pick<PlayInput, 'story' | 'statechart'>,
  { snapshot, seq, now, told }: Situation,
  event: SampleEvent & { readonly at: Instant },
  rest: Pick<Situation, 'left' | 'reads'>,
): Situation {
  const stamped = { ...event, by: 'provider:stripe', seq }
  const step = statechart.step(snapshot, stamped)
  const asked = askedFor(step).map((object) => ({ object, seq, shows: null }))
  // Reads that were asked for and not performed coalesce, as in one drain: the newest stays.
  const waiting = rest.reads.filter(
    (read) => read.shows !== null || !asked.some((one) => one.object === read.object),
  )
  return {
    snapshot: step.snapshot,
    seq: seq + 1,
    now,
    left: rest.left,
    reads: [...waiting, ...asked],
    told: { ...told, ...summariesTold(story, step) },
  }
}

function summariesOf(name: ChartName, snapshot: AnyMachineSnapshot): readonly Summary[] {
  const chart: Chart = charts[name]
  return chart.summaries?.(snapshot) ?? []
}

/** What the step tells others of where its actor stands; not what it asks of them. */
function summariesTold({ chart }: Story, { snapshot, actions }: Step): Record<string, string> {
  const summaries = summariesOf(chart, snapshot)
  const told: Record<string, string> = {}
  for (const { type, params } of actions) {
    if (type !== 'effect' || typeof params !== 'object' || params === null) continue
    if (!('kind' in params && params.kind === 'tell' && 'to' in params && 'event' in params))
      continue
    const summary = canonical(deep(params.event, ['enforcedAt'], (at) => at !== null))
    if (!summary.includes('.changed"')) continue
    const matters = summaries.some(({ to, matters }) => to === params.to && matters)
    told[String(params.to)] = matters ? summary : over
  }
  return told
}

function askedFor({ actions }: Step): string[] {
  const objects = actions.flatMap(({ type, params }) => {
    if (type !== 'effect' || typeof params !== 'object' || params === null) return []
    if (!('kind' in params)) return []
    if (params.kind === 'policy.read') return ['policy']
    return params.kind === 'object.read' && 'coalesce' in params ? [String(params.coalesce)] : []
  })
  return [...new Set([...objects, ...askedAgain(actions)])]
}

function keyOf(chart: ChartName, { snapshot, now, left, reads, told }: Situation): string {
  const { context } = snapshot
  const seqs = [...new Set([...readsIn(context), ...reads.map((read) => read.seq)])].sort(
    (a, b) => a - b,
  )
  const rank = (seq: number) => seqs.indexOf(seq)
  const known = withRanks(softened(context, bookkeeping[chart], false), rank)
  const waiting = reads.map((read) => `${read.object}/${rank(read.seq)}/${read.shows}`).sort()
  return canonical([snapshot.value, known, now, left, waiting, told])
}

/** A state without what may differ. */
export function endOf(chart: ChartName, { value, context }: AnyMachineSnapshot): string {
  return canonical({
    value,
    context: withRanks(softened(context, bookkeeping[chart], true), () => 0, true),
  })
}

/**
 * Entries are numbered; where a context remembers such numbers, only their order means anything.
 */
function isNumbered(key: string): boolean {
  return key === 'read' || key === 'seq'
}

function readsIn(value: unknown): number[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    isNumbered(key) && typeof inner === 'number' ? [inner] : readsIn(inner),
  )
}

function withRanks(value: unknown, rank: (seq: number) => number, drop = false): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((inner: unknown) => withRanks(inner, rank, drop))
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
      if (!isNumbered(key)) return [[key, withRanks(inner, rank, drop)]]
      if (drop) return []
      return [[key, typeof inner === 'number' ? rank(inner) : inner]]
    }),
  )
}

/**
 * The context with its bookkeeping reduced to what must be equal; before the end, to whether it is
 * set.
 */
function softened(context: unknown, list: readonly Bookkeeping[], ended: boolean): unknown {
  return list.reduce(
    (known, { field, equal }) =>
      deep(known, field.split('.'), (value) => {
        if (Array.isArray(value) && !ended) return value
        if (ended && equal === 'any') return undefined
        return value === null || value === 0 || value === false ? null : 'set'
      }),
    context,
  )
}

function deep(
  value: unknown,
  path: readonly string[],
  change: (value: unknown) => unknown,
): unknown {
  const [head, ...rest] = path
  if (head === undefined) return change(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((inner: unknown) => deep(inner, rest, change))
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) =>
      head === '*' || key === head ? [key, deep(inner, rest, change)] : [key, inner],
    ),
  )
}
