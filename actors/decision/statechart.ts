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
     * The stored form. Throws where it would not survive JSON, or holds a child, which we do not
     * support.
     */
    persist(snapshot: AnyMachineSnapshot): JsonObject {
      if (snapshot.status === 'error') throw snapshot.error
      if (Object.keys(snapshot.children).length > 0) {
        throw new Error(`the chart ${machine.id} has spawned a child; ask for an effect instead`)
      }
      return plainObject(machine.getPersistedSnapshot(snapshot))
    },
    restore(state: JsonObject): AnyMachineSnapshot {
      if (!isStored(state)) throw new StateUnreadable(`not a state of the chart ${machine.id}`)
      try {
        return machine.restoreSnapshot(state, scope)
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

/**
 * An actor scope in which nothing happens: it collects the actions of the step that is being made.
 */
function inertScope(machine: AnyStateMachine) {
  let asked: RequestedAction[] = []
  const self = createActor(machine, { input: { id: '' } })
  const scope: Parameters<AnyStateMachine['transition']>[2] = {
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

function isStored(state: object): state is XStateSnapshot<unknown> {
  return 'status' in state && 'value' in state && 'context' in state && 'children' in state
}

function nodesUnder(node: AnyStateNode): AnyStateNode[] {
  const children: AnyStateNode[] = Object.values(node.states)
  return [node, ...children.flatMap(nodesUnder)]
}
