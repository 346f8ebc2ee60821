import type { Chart } from '../actors/decision/chart.ts'

// The names that a chart is written in, as text.

export type Node = Chart['machine']['root']
export type Transition = Node['always'] extends readonly (infer One)[] | undefined ? One : never

export function flatten(node: Node): Node[] {
  const children: Node[] = Object.values(node.states)
  return [node, ...children.flatMap(flatten)]
}

/** All that may leave a state, in the order in which it is tried; not what it forbids. */
export function transitionsFrom(node: Node): Transition[] {
  const all: Transition[] = [...(node.always ?? []), ...[...node.transitions.values()].flat()]
  return all.filter((one) => one.target !== undefined || one.actions.length > 0)
}

/**
 * `isNews`, `says(status: active)`, `isNews and not hasGap`; `anonymous` for a guard without a
 * name.
 */
export function guardText(guard: unknown): string {
  if (typeof guard === 'string') return guard
  if ((typeof guard !== 'object' && typeof guard !== 'function') || guard === null)
    return 'anonymous'
  if ('guards' in guard && Array.isArray(guard.guards)) {
    const parts = guard.guards.map(guardText)
    if (nameOf(guard) === 'not') return `not ${parts.join()}`
    return parts.join(nameOf(guard) === 'or' ? ' or ' : ' and ')
  }
  if (!('type' in guard) || typeof guard.type !== 'string') return 'anonymous'
  return 'params' in guard ? `${guard.type}${paramsText(guard.params)}` : guard.type
}

/** `keep`; `effect(object.read)` where the chart itself says what is asked for. */
export function actionText(action: unknown): string {
  if (typeof action === 'string') return action
  if (typeof action !== 'object' || action === null || !('type' in action)) return 'anonymous'
  const type = String(action.type)
  if (type.startsWith('xstate.') || !('params' in action)) return type
  const { params } = action
  if (typeof params === 'object' && params !== null && 'kind' in params) {
    return `${type}(${String(params.kind)})`
  }
  return typeof params === 'function' && params.name !== '' ? `${type}(${params.name})` : type
}

function nameOf(guard: object): string {
  return typeof guard === 'function' ? guard.name : ''
}

function paramsText(params: unknown): string {
  if (typeof params !== 'object' || params === null) return ''
  const texts = Object.entries(params).map(([key, value]) => `${key}: ${String(value)}`)
  return `(${texts.join(', ')})`
}
