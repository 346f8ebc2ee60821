import { initialTransition, transition } from 'xstate'
import { uncounted } from '../actors/counters.ts'
import type { Envelope } from '../actors/journal/envelope.ts'
import { defaultLimits, type Limits } from '../actors/limits.ts'
import type { Store } from '../actors/ports.ts'
import { createRuntime, type Runtime } from '../actors/runtime.ts'
import { views } from '../app/compose.ts'
import { silentLog } from '../test/harness/logs.ts'
import { idOf, type ActorRef } from '../values/ids.ts'
import type { Home } from './homes.ts'
import { createFigures, pump, sum, timed, type Figures, type Took } from './measure.ts'
import type { Ground, Part } from './part.ts'
import { undelivered } from './platform.ts'
import { printTable, printTitle, ratio, whole } from './print.ts'
import { beginsAt, envelopesOf, workloads, type Workload } from './workloads.ts'

const actors = 1_000
const callers = 64

interface Run {
  readonly home: Home
  readonly workload: Workload
  readonly envelopes: readonly Envelope[]
  readonly inFlight: number
}

function openRuntime(store: Store, workload: Workload, limits: Partial<Limits> = {}): Runtime {
  return createRuntime({
    store,
    charts: workload.charts,
    views,
    performers: [],
    clock: { now: () => beginsAt },
    log: silentLog,
    limits: { ...defaultLimits, ...limits },
    counts: uncounted,
  })
}

async function tellAll(runtime: Runtime, { envelopes, inFlight }: Run): Promise<void> {
  await pump(envelopes, inFlight, async (envelope) => {
    const { outcome } = await runtime.tell(envelope)
    if (outcome !== 'committed') throw new Error(`${envelope.to} answered ${outcome}`)
  })
}

/**
 * `tell` to its answer, which is the commit; no effect is performed. Beside it the limit's parts.
 */
async function commitAlone(run: Run) {
  const { home, workload, envelopes } = run
  const groups: number[] = []
  const { store, limits } = undelivered({
    ...home.store,
    append(commits, lease) {
      groups.push(commits.length)
      return home.store.append(commits, lease)
    },
  })
  const runtime = openRuntime(store, workload, limits)
  const before = await home.journalBytes()
  const told = await timed(() => tellAll(runtime, run))
  await runtime.stop()
  const bytes = Math.round(((await home.journalBytes()) - before) / envelopes.length)
  const text = 'x'.repeat(bytes)
  const raw = await timed(() =>
    home.insertRaw(groups.map((size) => Array.from({ length: size }, () => text))),
  )
  const step = await timed(() => stepBare(workload, envelopes))
  return { told, raw, step, bytes, group: envelopes.length / groups.length }
}

async function deliverAll({ home, workload }: Pick<Run, 'home' | 'workload'>): Promise<void> {
  const runtime = openRuntime(home.store, workload)
  await runtime.deliverDue()
  await runtime.stop()
}

/**
 * The same until no effect is left: what each event tells other actors is committed by them, too.
 */
async function commitAndDeliver(run: Run) {
  const runtime = openRuntime(run.home.store, run.workload)
  let entries = 0
  runtime.subscribe(() => {
    entries += 1
  })
  const took = await timed(async () => {
    await tellAll(runtime, run)
    await runtime.idle()
  })
  await runtime.stop()
  return { took, entries }
}

/** XState's own step of each event, and the JSON of what came of it; each snapshot in memory. */
function stepBare({ chart: { machine } }: Workload, envelopes: readonly Envelope[]): void {
  const snapshots = new Map<ActorRef, ReturnType<typeof initialTransition>[0]>()
  for (const { to, event, occurredAt } of envelopes) {
    const known = snapshots.get(to) ?? initialTransition(machine, { id: idOf(to) })[0]
    const [next] = transition(machine, known, { ...event, at: occurredAt, by: 'bench', seq: 1 })
    snapshots.set(to, next)
    JSON.stringify([event, next.value, next.context])
  }
}

const each = (took: Took, count: number) => (took.ms * 1_000) / count
const cpuEach = (took: Took, count: number) => (took.cpuMs * 1_000) / count

async function measure(figures: Figures, key: string, run: Run): Promise<void> {
  const count = run.envelopes.length
  const { told, raw, step, bytes, group } = await commitAlone(run)
  const add = (name: string, value: number) => figures.add(`${key} ${name}`, value)
  add('us', each(told, count))
  add('cpu', cpuEach(told, count))
  add('step', each(step, count))
  add('raw', each(raw, count))
  add('bytes', bytes)
  add('group', group)
  add('ratio', sum(step, raw).ms / told.ms)
  add('of raw', raw.ms / told.ms)
}

/** In turn on all stores and charts, so that what else the machine does meets all of them. */
async function rounds(ground: Ground, round: (home: Home, n: number) => Promise<void>) {
  for (const name of ground.homes) {
    await ground.withHome(name, async (home) => {
      // The first round warms up and is not counted.
      for (let n = 0; n <= ground.options.rounds; n += 1) await round(home, n)
    })
  }
}

const eventsOn = ({ name }: Home, events: number) =>
  name === 'mongo' ? Math.ceil(events / 4) : events

export const commit: Part = {
  name: 'commit',
  about: 'events from tell to commit, of the sum of a bare step and a raw insert',
  async run(ground) {
    const [figures, ignored] = [createFigures(), createFigures()]
    await rounds(ground, async (home, n) => {
      for (const workload of workloads) {
        const count = eventsOn(home, ground.options.events)
        const envelopes = envelopesOf(workload, { run: `c${n}`, actors, count })
        const key = `${home.name} ${workload.name}`
        await measure(n === 0 ? ignored : figures, key, {
          home,
          workload,
          envelopes,
          inFlight: callers,
        })
      }
    })
    printTitle(
      `${callers} callers, ${whole(actors)} actors: µs an event from tell to commit, and the limit's parts`,
    )
    const rows = ground.homes.flatMap((home) =>
      workloads.map(({ name }) => {
        const of = (what: string) => figures.median(`${home} ${name} ${what}`)
        const spread = figures.spread(`${home} ${name} ratio`, ratio)
        const times = ['us', 'cpu', 'step', 'raw', 'bytes'].map((what) => whole(of(what)))
        return [home, name, ...times, of('group').toFixed(0), ratio(of('ratio')), spread]
      }),
    )
    const head = ['store', 'chart', 'tell', 'CPU', 'step + JSON', 'raw insert', 'bytes', 'a group']
    printTable([...head, 'of the sum', 'lowest–highest'], rows)
  },
}

export const deliver: Part = {
  name: 'deliver',
  about: 'events from tell until all that they ask for is done, of commit alone',
  async run(ground) {
    const figures = createFigures()
    const [, workload] = workloads
    if (workload === undefined) throw new Error('there is no chart that tells another')
    await rounds(ground, async (home, n) => {
      const count = eventsOn(home, ground.options.events)
      const at = (run: string) => envelopesOf(workload, { run: `${run}${n}`, actors, count })
      const inFlight = callers
      const alone = await commitAlone({ home, workload, envelopes: at('a'), inFlight })
      // What that has left is not to be delivered in the time of what follows.
      await deliverAll({ home, workload })
      const { took, entries } = await commitAndDeliver({
        home,
        workload,
        envelopes: at('d'),
        inFlight,
      })
      if (n === 0) return
      const add = (name: string, value: number) => figures.add(`${home.name} ${name}`, value)
      add('alone', each(alone.told, count))
      add('entry', each(took, entries))
      add('cpu', cpuEach(took, entries))
      add('entries', entries / count)
      add('ratio', each(alone.told, count) / each(took, entries))
    })
    printTitle(
      `${callers} callers, chart ${workload.name}: µs an entry until nothing is left to do`,
    )
    const rows = ground.homes.map((home) => {
      const of = (what: string) => figures.median(`${home} ${what}`)
      const spread = figures.spread(`${home} ratio`, ratio)
      const times = ['alone', 'entry', 'cpu'].map((what) => whole(of(what)))
      return [home, ...times, of('entries').toFixed(2), ratio(of('ratio')), spread]
    })
    const head = ['store', 'commit alone', 'to quiet', 'CPU', 'entries an event']
    printTable([...head, 'of commit alone', 'lowest–highest'], rows)
  },
}

export const single: Part = {
  name: 'single',
  about: 'one caller at a time, of a bare insert of the same bytes',
  async run(ground) {
    const [figures, ignored] = [createFigures(), createFigures()]
    await rounds(ground, async (home, n) => {
      for (const workload of workloads) {
        const count = Math.ceil(eventsOn(home, ground.options.events) / 5)
        const envelopes = envelopesOf(workload, { run: `s${n}`, actors, count })
        const key = `${home.name} ${workload.name}`
        await measure(n === 0 ? ignored : figures, key, { home, workload, envelopes, inFlight: 1 })
      }
    })
    printTitle(
      'one caller: µs an event from tell to commit, beside a durable insert of the same bytes',
    )
    const rows = ground.homes.flatMap((home) =>
      workloads.map(({ name }) => {
        const of = (what: string) => figures.median(`${home} ${name} ${what}`)
        const times = ['us', 'cpu', 'raw', 'bytes'].map((what) => whole(of(what)))
        return [
          home,
          name,
          ...times,
          ratio(of('of raw')),
          figures.spread(`${home} ${name} of raw`, ratio),
        ]
      }),
    )
    const head = ['store', 'chart', 'tell', 'CPU', 'raw insert', 'bytes']
    printTable([...head, 'of raw', 'lowest–highest'], rows)
  },
}
