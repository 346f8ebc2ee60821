import type { Chart, Charts, Migration } from './chart.ts'
import type { Snapshot } from '../journal/journal.ts'

/** A chart whose migrations do not lead from version 1 to its own, one by one. */
export class MigrationsIncomplete extends Error {
  override readonly name = 'MigrationsIncomplete'
  readonly code = 'migrations_incomplete'
}

/** The state was written by a newer release than this one: another process must take the event. */
export class SnapshotTooNew extends Error {
  override readonly name = 'SnapshotTooNew'
  readonly code = 'snapshot_too_new'
}

/**
 * Throws MigrationsIncomplete unless there is exactly one migration for every version before the
 * chart's.
 */
export function checkMigrations(chart: Chart): void {
  const froms = chart.migrations.map((migration) => migration.from)
  const wanted = Array.from({ length: chart.version - 1 }, (_, index) => index + 1)
  if (froms.length === wanted.length && froms.every((from, index) => from === wanted[index])) return
  throw new MigrationsIncomplete(
    `chart ${chart.type} is at version ${chart.version} and needs migrations from ` +
      `[${wanted.join(', ')}], in this order; it has [${froms.join(', ')}]`,
  )
}

/** The snapshot as the chart's own version would have written it. Throws SnapshotTooNew. */
export function upgrade(chart: Chart, snapshot: Snapshot): Snapshot {
  if (snapshot.version === chart.version) return snapshot
  const migrations = since(chart, snapshot.version)
  return {
    chart: snapshot.chart,
    version: chart.version,
    state: migrations.reduce((state, migration) => migration.migrate(state), snapshot.state),
    timers: snapshot.timers.flatMap((timer) => {
      const name = renamed(migrations, timer.name)
      return name === null ? [] : [{ ...timer, name }]
    }),
  }
}

/** The present name of a timer that a snapshot of `version` has armed; null if it was dropped. */
export function timerNameNow(chart: Chart, version: number, name: string): string | null {
  return renamed(since(chart, version), name)
}

/** Of these armed names, those that no chart can take any more, even after every rename. */
export function namesUnknownTo(
  charts: Charts,
  timerNames: (type: string) => ReadonlySet<string>,
  armed: readonly string[],
): string[] {
  const isKnown = (name: string) =>
    Object.entries(charts).some(([type, chart]) =>
      // A name does not tell the version that set it, so each is tried.
      Array.from({ length: chart.version }, (_, index) => index + 1).some((version) => {
        const now = timerNameNow(chart, version, name)
        return now === null || timerNames(type).has(now)
      }),
    )
  return armed.filter((name) => !isKnown(name))
}

function since(chart: Chart, version: number): readonly Migration[] {
  if (version > chart.version) {
    throw new SnapshotTooNew(
      `a state of ${chart.type} was written at version ${version}; this release knows ` +
        `${chart.version}: let a process of the newer release take it, or deploy that release here`,
    )
  }
  return chart.migrations.filter((migration) => migration.from >= version)
}

function renamed(migrations: readonly Migration[], name: string): string | null {
  return migrations.reduce<string | null>((known, { timers }) => {
    if (known === null || timers?.[known] === undefined) return known
    return timers[known]
  }, name)
}
