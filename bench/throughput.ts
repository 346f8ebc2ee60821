import { initialTransition, transition } from 'xstate'
import { uncounted } from '../actors/counters.ts'
import { createDecider } from '../actors/decide.ts'
import type { Envelope } from '../actors/envelope.ts'
import type { Commit, Entry } from '../actors/journal.ts'
import { defaultLimits } from '../actors/limits.ts'
import type { Store } from '../actors/ports.ts'
import { createRuntime } from '../actors/runtime.ts'
import { views } from '../app/compose.ts'
import { silentLog } from '../test/harness/logs.ts'
import { idOf, type ActorRef } from '../values/ids.ts'
import type { Home } from './homes.ts'
import { createFigures, perSecond, printTable, printTitle, pump, whole } from './measure.ts'
import { beginsAt, envelopesOf, shapes, workloads, type Shape, type Workload } from './workloads.ts'

export interface ThroughputOptions {
  readonly homes: readonly Home[]
  readonly rounds: number
  readonly events: number
}

/**
 * Events per second from `tell` to its answer, which is the commit; beside the same transitions by XState
 * alone, and the same bytes written in the same groups by the bare database.
 */
export async function measureThroughput({ homes, rounds, events }: ThroughputOptions) {
  const figures = createFigures()
  // The first round warms up and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    const add = (name: string, value: number) => {
      if (round > 0) figures.add(name, value)
    }
    for (const workload of workloads) {
      for (const shape of shapes) {
        const count = Math.ceil(events * shape.share)
        const envelopes = envelopesOf(workload, shape, { run: `${round}${shape.inFlight}`, count })
        const key = `${workload.name}/${shape.name}`
        add(`${key}/xstate`, await perSecond(count, () => stepBare(workload, envelopes)))
        add(`${key}/decide`, await perSecond(count, () => decideAll(workload, envelopes)))
        for (const home of homes) {
          const measured = await measureHome(home, { workload, shape, envelopes })
          add(`${home.name}/${key}/runtime`, measured.runtime)
          add(`${home.name}/${key}/raw`, measured.raw)
          add(`${home.name}/${key}/group`, measured.group)
        }
      }
    }
  }
  print({ homes, rounds, events }, figures)
}

function print({ homes, rounds, events }: ThroughputOptions, figures: Figures): void {
  printTitle(
    `tell → commit, events per second: medians of ${rounds} rounds of ${whole(events)} events`,
  )
  const head = ['store', 'chart', 'shape', 'runtime', 'lowest–highest', 'a group', 'raw inserts']
  const rows = homes.flatMap((home) =>
    workloads.flatMap((workload) =>
      shapes.map((shape) => {
        const key = `${workload.name}/${shape.name}`
        const of = (what: string) => figures.median(`${home.name}/${key}/${what}`)
        const runtime = of('runtime')
        const raw = of('raw')
        const bare = figures.median(`${key}/xstate`)
        return [
          home.name,
          workload.name,
          shape.name,
          whole(runtime),
          figures.spread(`${home.name}/${key}/runtime`),
          of('group').toFixed(1),
          whole(raw),
          (runtime / raw).toFixed(2),
          whole(bare),
          (runtime / bare).toFixed(2),
          whole(figures.median(`${key}/decide`)),
        ]
      }),
    ),
  )
  printTable([...head, 'of raw', 'bare XState', 'of bare', 'decide alone'], rows)
}

type Figures = ReturnType<typeof createFigures>

interface Run {
  readonly workload: Workload
  readonly shape: Shape
  readonly envelopes: readonly Envelope[]
}

/** The runtime, and right after it the bare database with what the runtime has just written. */
async function measureHome(home: Home, { workload, shape, envelopes }: Run) {
  const groups: (readonly Commit[])[] = []
  const runtime = createRuntime({
    store: watched(home.store, groups),
    charts: workload.charts,
    views,
    performers: [],
    clock: { now: () => beginsAt },
    log: silentLog,
    limits: defaultLimits,
    counts: uncounted,
  })
  const told = await perSecond(envelopes.length, () =>
    pump(envelopes, shape.inFlight, async (envelope) => {
      const { outcome } = await runtime.tell(envelope)
      if (outcome !== 'committed') throw new Error(`${envelope.to} answered ${outcome}`)
    }),
  )
  await runtime.stop()
  const texts = groups.map((group) => group.map((commit) => JSON.stringify(commit)))
  const raw = await perSecond(envelopes.length, () => home.insertRaw(texts))
  return { runtime: told, raw, group: envelopes.length / groups.length }
}

/** Writes down the groups, and finds no effect to deliver: what follows a commit is measured elsewhere. */
function watched(store: Store, groups: (readonly Commit[])[]): Store {
  return {
    ...store,
    append(commits) {
      groups.push(commits)
      return store.append(commits)
    },
    claim: () => Promise.resolve([]),
  }
}

/** XState's own pure functions, each actor's snapshot in memory. */
function stepBare({ chart: { machine } }: Workload, envelopes: readonly Envelope[]): void {
  const snapshots = new Map<ActorRef, ReturnType<typeof initialTransition>[0]>()
  for (const { to, event, occurredAt } of envelopes) {
    const known = snapshots.get(to) ?? initialTransition(machine, { id: idOf(to) })[0]
    const [next] = transition(machine, known, { ...event, at: occurredAt, by: 'bench', seq: 1 })
    snapshots.set(to, next)
  }
}

/** What the runtime adds before it writes: the event is parsed, the state persisted and compared. */
function decideAll({ charts }: Workload, envelopes: readonly Envelope[]): void {
  const decider = createDecider(charts)
  const heads = new Map<ActorRef, Entry>()
  for (const envelope of envelopes) {
    const head = heads.get(envelope.to) ?? null
    const decision = decider.decide({ head, envelope, committedAt: beginsAt })
    if (decision.decided === 'refused') throw new Error(`refused: ${decision.refusal.code}`)
    heads.set(envelope.to, decision.entry)
  }
}
