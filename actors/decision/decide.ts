import { idOf, typeOf } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import { type JsonObject, sameJson, stateText } from '../../values/json.ts'
import type { Chart, Charts } from './chart.ts'
import { sameTimers } from '../journal/commit-of.ts'
import type { Envelope } from '../journal/envelope.ts'
import type { Effect, Entry, Snapshot } from '../journal/journal.ts'
import { defaultLimits } from '../limits.ts'
import { readEvent, stamped, type ToldEvent } from './parse-event.ts'
import { refusals, type Refusal } from '../refusal.ts'
import { outcomeOf } from './requested-effects.ts'
import { createStatechart, type Statechart, type Step } from './statechart.ts'
import { checkForm } from './stored-form.ts'
import { summariesTold } from './summaries.ts'
import { possibleRequests, transitionsOf, type PossibleTransition } from './transitions.ts'
import { checkMigrations, timerNameNow, upgrade } from './upgrade.ts'

export interface Question {
  /** The actor's newest entry; null for one that does not exist yet. */
  readonly head: Entry | null
  readonly envelope: Envelope
  readonly committedAt: Instant
}

export type Decision =
  | { readonly decided: 'entry'; readonly entry: Entry }
  | { readonly decided: 'refused'; readonly refusal: Refusal }

export interface Decider {
  /**
   * What an actor makes of an envelope. Pure (promise A2): the same question has the same answer,
   * in any process and at any time. Throws for a bug of the chart, and SnapshotTooNew for a state
   * of a newer release.
   */
  decide(question: Question): Decision
  /** The entry with its snapshot as today's chart would have written it. Throws SnapshotTooNew. */
  read(entry: Entry): Entry
  /** What could leave the state of this entry now. */
  possible(entry: Entry, at: Instant): PossibleTransition[]
  /** Every timer that the actors of this type can set. */
  timerNames(type: string): ReadonlySet<string>
}

interface KnownChart {
  readonly chart: Chart
  readonly statechart: Statechart
  readonly timerNames: ReadonlySet<string>
}

/** Where a decision starts from: the head as today's chart reads it, or the chart's first state. */
interface Base {
  readonly seq: number
  readonly step: Step
  readonly timers: Snapshot['timers']
  readonly state: JsonObject | null
}

/**
 * The charts as one pure function. Keeps promises A2 (it reads nothing but its arguments), A6 (an
 * observation that no transition takes is an entry that changes nothing) and A7 (a timer acts only
 * for the entry that set it). Throws MigrationsIncomplete.
 */
export function createDecider(
  charts: Charts,
  effectsMax: number = defaultLimits.effectsPerEntry,
): Decider {
  const known = new Map(Object.values(charts).map((chart) => [chart.type, know(chart)]))

  function decide(question: Question): Decision {
    const { head, envelope } = question
    const type = typeOf(envelope.to)
    const actor = known.get(type)
    if (actor === undefined) return refused(refusals.actorTypeUnknown(type))
    const seq = (head?.seq ?? 0) + 1
    if (envelope.source === 'timer') return decideTimer(actor, question)
    const read = readEvent(actor.chart, envelope, seq)
    if (!read.ok) return refused(read.refusal)
    const base = baseOf(actor, question)
    const isRequest = actor.chart.requests.has(read.event.type)
    if (isRequest && !base.step.snapshot.can(read.event)) {
      const transitions = transitionsOf(base.step.snapshot, read.event)
      const possible = possibleRequests(transitions, actor.chart.requests)
      return refused(refusals.notPossibleNow(stateText(base.step.snapshot.value), possible))
    }
    return taken(actor, question, { base, timers: base.timers, event: read.event, effectsMax })
  }

  function decideTimer(actor: KnownChart, question: Question): Decision {
    const { head, envelope } = question
    if (head === null) return refused(refusals.eventUnknown(envelope.event.type))
    const base = baseOf(actor, question)
    const name = timerNameNow(actor.chart, head.snapshot.version, envelope.event.type)
    const { instance } = envelope.event
    const rest = base.timers.filter((one) => one.name !== name || one.instance !== instance)
    // Late, doubled, cancelled in the meantime, or dropped by a migration: it does nothing.
    if (name === null || rest.length === base.timers.length) return unchanged(actor, question, base)
    if (!actor.timerNames.has(name)) {
      throw new Error(
        `no state of ${actor.chart.type} sets the timer ${name}: a rename needs a migration`,
      )
    }
    const event = stamped({ type: name }, envelope, base.seq)
    return taken(actor, question, { base, timers: rest, event, effectsMax })
  }

  return {
    decide,
    read(entry) {
      // An entry of a type that is not (or no more) known is shown as it is.
      const chart = known.get(typeOf(entry.actor))?.chart
      const snapshot = chart === undefined ? entry.snapshot : upgrade(chart, entry.snapshot)
      return snapshot === entry.snapshot ? entry : { ...entry, snapshot }
    },
    possible(entry, at) {
      const { chart, statechart } = knownOf(known, typeOf(entry.actor))
      const snapshot = statechart.restore(upgrade(chart, entry.snapshot).state)
      return transitionsOf(snapshot, { at, by: 'system', seq: entry.seq + 1 })
    },
    timerNames: (type) => knownOf(known, type).timerNames,
  }
}

function know(chart: Chart): KnownChart {
  checkMigrations(chart)
  const statechart = createStatechart(chart.machine)
  return { chart, statechart, timerNames: new Set(statechart.timerNames()) }
}

function knownOf(known: ReadonlyMap<string, KnownChart>, type: string): KnownChart {
  const found = known.get(type)
  if (found === undefined) throw new Error(`no chart for actors of type ${type}`)
  return found
}

function baseOf({ chart, statechart }: KnownChart, { head, envelope }: Question): Base {
  if (head === null) {
    const step = statechart.begin({ id: idOf(envelope.to) })
    return { seq: 1, step, timers: [], state: null }
  }
  const { state, timers } = upgrade(chart, head.snapshot)
  checkForm(chart, state)
  return {
    seq: head.seq + 1,
    step: { snapshot: statechart.restore(state), actions: [] },
    timers,
    state,
  }
}

interface StepInput {
  readonly base: Base
  /** What is armed before the step: without the timer that is firing. */
  readonly timers: Snapshot['timers']
  readonly event: ToldEvent
  readonly effectsMax: number
}

function taken(actor: KnownChart, question: Question, taking: StepInput): Decision {
  const { base, event, effectsMax } = taking
  const { envelope } = question
  const next = actor.statechart.step(base.step.snapshot, event)
  const before = base.state === null ? null : base.step.snapshot
  const summaries = summariesTold(actor.chart, { before, after: next.snapshot, event })
  const { effects, timers, refusal } = outcomeOf(
    // An actor that is born with this event asks for its first state's actions too.
    [...base.step.actions, ...next.actions, ...summaries],
    taking.timers,
    { actor: envelope.to, seq: base.seq, at: envelope.occurredAt, effectsMax },
  )
  if (refusal !== null) return refused(refusal)
  const isSame = next.snapshot === base.step.snapshot
  const state = (isSame ? base.state : null) ?? actor.statechart.persist(next.snapshot, base.state)
  return entryOf(actor, question, { base, effects, timers, state })
}

function unchanged(actor: KnownChart, question: Question, base: Base): Decision {
  const state = base.state ?? actor.statechart.persist(base.step.snapshot)
  return entryOf(actor, question, { base, effects: [], timers: base.timers, state })
}

interface EntryParts {
  readonly base: Base
  readonly effects: readonly Effect[]
  readonly timers: Snapshot['timers']
  readonly state: JsonObject
}

function entryOf({ chart }: KnownChart, question: Question, made: EntryParts): Decision {
  const { envelope, committedAt } = question
  const { base, effects, timers, state } = made
  // Timers that a migration drops are still armed in the store until an entry says otherwise.
  const armed = question.head?.snapshot.timers.length ?? 0
  const isSame =
    base.state !== null &&
    effects.length === 0 &&
    armed === timers.length &&
    sameTimers(base.timers, timers) &&
    sameJson(base.state, state)
  return {
    decided: 'entry',
    entry: {
      actor: envelope.to,
      seq: base.seq,
      envelope,
      snapshot: { chart: chart.type, version: chart.version, state, timers },
      effects,
      changed: !isSame,
      committedAt,
    },
  }
}

function refused(refusal: Refusal): Decision {
  return { decided: 'refused', refusal }
}
