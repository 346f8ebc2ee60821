import { createMachine, type AnyStateMachine } from 'xstate'
import { z } from 'zod'
import type { Chart, Charts } from '../../actors/decision/chart.ts'
import { charts } from '../../machines/index.ts'
import { JsonObject } from '../../values/json.ts'

// The release after today's, made from today's charts so that it is never out of date: an account
// keeps a field more, and the timer with which a subscription ends its periods has another name.

const field = { name: 'note', value: 'none' }
const timer = { region: 'billing', state: 'cycling', from: 'periodEnd', to: 'periodOver' }

/** A timer's name today, and in the next release. */
export const renamedTimer = {
  from: timerName(timer.from),
  to: timerName(timer.to),
}

function timerName(delay: string): string {
  return `xstate.after.${delay}.subscription.${timer.region}.${timer.state}`
}

export const nextCharts: Charts = {
  ...charts,
  account: withField(charts.account),
  subscription: withTimerRenamed(charts.subscription),
}

const Noted = z.looseObject({ [field.name]: z.string() })

function withField(chart: Chart): Chart {
  const { config, implementations }: AnyStateMachine = chart.machine
  const first: unknown = config.context
  const next: object = {
    ...config,
    context: (...args: unknown[]) => ({
      ...objectOf(typeof first === 'function' ? Reflect.apply(first, null, args) : first),
      [field.name]: field.value,
    }),
  }
  return {
    ...nextVersion(chart, machineOf(next, implementations)),
    migrations: [
      ...chart.migrations,
      {
        from: chart.version,
        reason: `${field.name} is kept`,
        since: 'next',
        migrate: (state) => ({
          ...state,
          context: { ...JsonObject.parse(state['context']), [field.name]: field.value },
        }),
      },
    ],
    // It relies on its field at every step, as a release that adds one does.
    summaries(state) {
      Noted.parse(state.context)
      return chart.summaries?.(state) ?? []
    },
  }
}

function withTimerRenamed(chart: Chart): Chart {
  const { config, implementations }: AnyStateMachine = chart.machine
  const regions = objectOf(config.states)
  const region = objectOf(regions[timer.region])
  const states = objectOf(region['states'])
  const state = objectOf(states[timer.state])
  const { [timer.from]: ways, ...others } = objectOf(state['after'])
  const { [timer.from]: delay, ...delays } = implementations.delays
  if (ways === undefined || delay === undefined) throw new Error(`no timer ${timer.from}`)
  const renamed = { ...state, after: { ...others, [timer.to]: ways } }
  const next: object = {
    ...config,
    states: {
      ...regions,
      [timer.region]: { ...region, states: { ...states, [timer.state]: renamed } },
    },
  }
  const machine = machineOf(next, { ...implementations, delays: { ...delays, [timer.to]: delay } })
  return {
    ...nextVersion(chart, machine),
    migrations: [
      ...chart.migrations,
      {
        from: chart.version,
        reason: `${timer.from} is called ${timer.to}`,
        since: 'next',
        migrate: (stored) => stored,
        timers: { [renamedTimer.from]: renamedTimer.to },
      },
    ],
  }
}

function nextVersion(chart: Chart, machine: AnyStateMachine): Chart {
  return { ...chart, machine, version: chart.version + 1 }
}

function machineOf(
  config: object,
  implementations: AnyStateMachine['implementations'],
): AnyStateMachine {
  if (!isConfig(config)) throw new Error('a chart has states')
  return createMachine(config, implementations)
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function isConfig(value: object): value is AnyStateMachine['config'] {
  return 'states' in value
}
