import { getNextTransitions, type AnyMachineSnapshot, type AnyTransitionDefinition } from 'xstate'
import { evaluateGuard } from 'xstate/guards'
import type { Instant } from '../../values/instant.ts'
import { listOf } from './statechart.ts'

/** What a state would do with an event, without having it. */
export interface PossibleTransition {
  readonly event: string
  /** The state that takes it. */
  readonly from: string
  /** The states entered; empty if it stays where it is. */
  readonly to: readonly string[]
  readonly description: string | null
  /** The guard's name; null if it has none. */
  readonly guard: string | null
  /**
   * Whether the guard holds now; null if that depends on fields of the event. True without a guard.
   */
  readonly holds: boolean | null
  /** The code of the refusal that it leads to, where that is known without the event's fields. */
  readonly refuses: string | null
}

/** What a guard is shown in place of an event. */
interface Moment {
  readonly at: Instant
  readonly by: string
  readonly seq: number
}

/** Every transition that may leave this state, in the order in which they are tried. */
export function transitionsOf(snapshot: AnyMachineSnapshot, now: Moment): PossibleTransition[] {
  return getNextTransitions(snapshot)
    .filter((one) => one.eventType !== '' && !isForbidding(one))
    .map((one) => ({
      event: one.eventType,
      from: one.source.id,
      to: (one.target ?? []).map((node) => node.id),
      description: one.description ?? null,
      guard: one.guard === undefined ? null : guardName(one.guard),
      holds: holds(one, snapshot, now),
      refuses: refusalOf(one, snapshot, now),
    }))
}

/**
 * Of these request types, those that the state would take now, or may take for some fields of the
 * request.
 */
export function possibleRequests(
  transitions: readonly PossibleTransition[],
  requests: ReadonlySet<string>,
): string[] {
  return [...requests].filter((type) => {
    const closed = new Set<string>()
    return transitions.some((one) => {
      if (one.event !== type || one.holds === false || closed.has(one.from)) return false
      // The first transition of a state whose guard holds is taken; those after it are out of
      // reach.
      if (one.holds === true) closed.add(one.from)
      return one.refuses === null
    })
  })
}

/** XState's way to ignore an event on purpose: neither a target nor an action. */
function isForbidding(one: AnyTransitionDefinition): boolean {
  return one.target === undefined && one.actions.length === 0
}

function holds(one: AnyTransitionDefinition, snapshot: AnyMachineSnapshot, now: Moment) {
  if (one.guard === undefined) return true
  const { event, wasRead } = probe(one.eventType, now)
  try {
    const answer = evaluateGuard(one.guard, snapshot.context, event, snapshot)
    return wasRead() ? null : answer
  } catch {
    return null
  }
}

function refusalOf(one: AnyTransitionDefinition, snapshot: AnyMachineSnapshot, now: Moment) {
  const { event } = probe(one.eventType, now)
  for (const action of one.actions) {
    if (typeof action !== 'object' || action.type !== 'effect' || !('params' in action)) continue
    for (const asked of listOf(paramsOf(action.params, { context: snapshot.context, event }))) {
      const code = refusalCode(asked)
      if (code !== null) return code
    }
  }
  return null
}

function paramsOf(params: unknown, args: object): unknown {
  if (typeof params !== 'function') return params
  try {
    return Reflect.apply(params, undefined, [args])
  } catch {
    return undefined
  }
}

function refusalCode(effect: unknown): string | null {
  if (typeof effect !== 'object' || effect === null || !('kind' in effect)) return null
  if (effect.kind !== 'refuse' || !('refusal' in effect)) return null
  const { refusal } = effect
  if (typeof refusal !== 'object' || refusal === null || !('code' in refusal)) return null
  return typeof refusal.code === 'string' ? refusal.code : null
}

/**
 * An event of which only the type and the moment are known, and which notices if more is asked of
 * it.
 */
function probe(type: string, now: Moment) {
  const known = { type, at: now.at, by: now.by, seq: now.seq }
  let read = false
  const event = new Proxy(known, {
    get(target, key) {
      if (!(key in target)) read = true
      return Reflect.get(target, key)
    },
    has(target, key) {
      if (!(key in target)) read = true
      return key in target
    },
  })
  return { event, wasRead: () => read }
}

function guardName(guard: unknown): string {
  if (typeof guard === 'string') return guard
  if ((typeof guard !== 'object' && typeof guard !== 'function') || guard === null) return 'inline'
  const name = typeof guard === 'function' && guard.name !== '' ? guard.name : 'inline'
  // `and`, `or` and `not` are functions of that name, which carry the guards they combine.
  if ('guards' in guard && Array.isArray(guard.guards)) {
    const inner: readonly unknown[] = guard.guards
    return `${name}(${inner.map(guardName).join(', ')})`
  }
  return 'type' in guard && typeof guard.type === 'string' ? guard.type : name
}
