import { createMachine, type AnyStateMachine } from 'xstate'
import type { Chart } from '../../actors/decision/chart.ts'
import { JsonObject } from '../../values/json.ts'

/** What a next release changes in a chart: a field more, a state less, a timer renamed. */
export interface NextRelease {
  readonly field: { readonly name: string; readonly value: string }
  /** A state without the one that is gone, and where its actors go. */
  readonly gone: { readonly state: string; readonly into: string }
  readonly timer: { readonly state: string; readonly from: string; readonly to: string }
}

/**
 * The chart as the next release has it, with its migration, made from today's so that it is never
 * out of date. States are those at the top of a chart that is not parallel.
 */
export function nextRelease(chart: Chart, { field, gone, timer }: NextRelease): Chart {
  const { config, implementations }: AnyStateMachine = chart.machine
  const { [gone.state]: _gone, ...left } = objectOf(config.states)
  const states: Readonly<Record<string, unknown>> = Object.fromEntries(
    Object.entries(left).map(([name, state]) => [name, withoutWayTo(gone.state, objectOf(state))]),
  )
  const waiting = objectOf(states[timer.state])
  const { [timer.from]: target, ...others } = objectOf(waiting['after'])
  const { [timer.from]: delay, ...delays } = implementations.delays
  const first: unknown = config.context
  const next: object = {
    ...config,
    context: (...args: unknown[]) => ({
      ...objectOf(typeof first === 'function' ? Reflect.apply(first, null, args) : first),
      [field.name]: field.value,
    }),
    states: { ...states, [timer.state]: { ...waiting, after: { ...others, [timer.to]: target } } },
  }
  if (!isConfig(next)) throw new Error('a chart has states')
  const machine: AnyStateMachine = createMachine(next, {
    ...implementations,
    delays: { ...delays, [timer.to]: delay },
  })
  const path = `${machine.id}.${timer.state}`
  return {
    ...chart,
    machine,
    version: chart.version + 1,
    migrations: [
      ...chart.migrations,
      {
        from: chart.version,
        reason: `${gone.state} is gone, ${timer.from} is called ${timer.to}, ${field.name} is kept`,
        since: 'next',
        migrate: (state) => ({
          ...state,
          value: state['value'] === gone.state ? gone.into : (state['value'] ?? null),
          context: { ...JsonObject.parse(state['context']), [field.name]: field.value },
        }),
        timers: { [`xstate.after.${timer.from}.${path}`]: `xstate.after.${timer.to}.${path}` },
      },
    ],
  }
}

/** The state without the events that lead to one that is gone. */
function withoutWayTo(gone: string, state: Readonly<Record<string, unknown>>): object {
  const on = Object.entries(objectOf(state['on'])).filter(
    ([, way]) => way !== gone && objectOf(way)['target'] !== gone,
  )
  return { ...state, on: Object.fromEntries(on) }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function isConfig(value: object): value is AnyStateMachine['config'] {
  return 'states' in value
}
