import {
  createActor,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type EventObject,
  type Snapshot as XStateSnapshot,
} from 'xstate'
import { type JsonObject, plainObject } from '../../values/json.ts'

// The calls into XState, and nothing of ours. Only `decide.ts` steps a chart; `timers.ts` lists its
// timers.

/** An action that a step asked for: never executed, only read. */
export interface RequestedAction {
  readonly type: string
  readonly params: unknown
}

export interface Step {
  readonly snapshot: AnyMachineSnapshot
  readonly actions: readonly RequestedAction[]
}

/** A stored state that this chart cannot read. */
export class StateUnreadable extends Error {
  override readonly name = 'StateUnreadable'
  readonly code = 'state_unreadable'
}

export type Statechart = ReturnType<typeof createStatechart>

/**
 * A machine as pure functions. They equal XState's own `initialTransition` and `transition` (a test
 * compares them on random walks) but share one inert scope, which those build again for every call
 * at four times the cost.
 */
export function createStatechart(machine: AnyStateMachine) {
  const { scope, during } = inertScope(machine)
  const restored = restoring(machine, scope)

  return {
    /** The first state of an actor with this input. Throws what the chart throws. */
    begin(input: JsonObject): Step {
      return during(() => {
        const snapshot: AnyMachineSnapshot = machine.getInitialSnapshot(scope, input)
        if (snapshot.status === 'error') throw snapshot.error
        return snapshot
      })
    },
    step(snapshot: AnyMachineSnapshot, event: EventObject): Step {
      return during(() => machine.transition(snapshot, event, scope))
    },
    /**
     * The stored form; what the context shares with `before`, the state that was restored, is that
     * state's own. Throws where it would not survive JSON, or holds a child, which we do not
     * support.
     */
    persist(snapshot: AnyMachineSnapshot, before: JsonObject | null = null): JsonObject {
      if (snapshot.status === 'error') throw snapshot.error
      if (Object.keys(snapshot.children).length > 0) {
        throw new Error(`the chart ${machine.id} has spawned a child; ask for an effect instead`)
      }
      // XState would look for children in all of the context; `plainObject` finds what is not JSON.
      const frame = machine.getPersistedSnapshot({ ...snapshot, context: {} })
      return plainObject({ ...frame, context: snapshot.context }, before ?? undefined)
    },
    /** Of a state that nobody changes any more: its context is shared, not copied. */
    restore(state: JsonObject): AnyMachineSnapshot {
      if (!isStored(state)) throw new StateUnreadable(`not a state of the chart ${machine.id}`)
      try {
        return restored(state)
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause)
        const hint = 'if the chart was changed, it needs a new version and a migration'
        throw new StateUnreadable(`${why}; ${hint}`, { cause })
      }
    },
    /**
     * The names of all timers that the machine can set: stored data, never to be renamed without a
     * migration.
     */
    timerNames(): readonly string[] {
      return nodesUnder(machine.root).flatMap((node) => node.after.map((timer) => timer.eventType))
    },
  }
}

/** A chart has few states beside what it remembers: a bound for one with many. */
const framesMax = 1_000

/**
 * Restores snapshots. All that XState makes of a stored state, but for its context, follows from
 * the rest of it: that is made once and kept, by its text.
 */
function restoring(machine: AnyStateMachine, scope: Scope) {
  const frames = new Map<string, AnyMachineSnapshot>()

  function frameOf(rest: StoredState): AnyMachineSnapshot {
    const key = JSON.stringify(rest)
    const known = frames.get(key)
    if (known !== undefined) return known
    const made: AnyMachineSnapshot = machine.restoreSnapshot(rest, scope)
    if (frames.size >= framesMax) frames.clear()
    frames.set(key, made)
    return made
  }

  return (state: StoredState): AnyMachineSnapshot => {
    const { context } = state
    return { ...frameOf({ ...state, context: {} }), context }
  }
}

/**
 * An actor scope in which nothing happens: it collects the actions of the step that is being made.
 */
function inertScope(machine: AnyStateMachine) {
  let asked: RequestedAction[] = []
  const self = createActor(machine, { input: { id: '' } })
  const scope: Scope = {
    self,
    system: self.system,
    id: '',
    sessionId: '',
    logger: nothing,
    defer: nothing,
    stopChild: nothing,
    emit: nothing,
    actionExecutor({ type, params }) {
      for (const one of listOf(params)) asked.push({ type, params: one })
    },
  }
  function during(make: () => AnyMachineSnapshot): Step {
    const actions: RequestedAction[] = []
    asked = actions
    return { snapshot: make(), actions }
  }
  return { scope, during }
}

/** An action's parameter is one thing that is asked for, several, or (null) nothing. */
export function listOf(params: unknown): readonly unknown[] {
  if (params === null) return []
  return Array.isArray(params) ? params : [params]
}

function nothing(): void {}

type Scope = Parameters<AnyStateMachine['transition']>[2]
type StoredState = XStateSnapshot<unknown> & { readonly context: JsonObject }

function isStored(state: object): state is StoredState {
  return 'status' in state && 'value' in state && 'context' in state && 'children' in state
}

function nodesUnder(node: AnyStateNode): AnyStateNode[] {
  const children: AnyStateNode[] = Object.values(node.states)
  return [node, ...children.flatMap(nodesUnder)]
}
