/**
 * How long something took, and how much of it this process computed, the database's own process
 * aside.
 */
export interface Took {
  readonly ms: number
  readonly cpuMs: number
}

export async function timed(work: () => Promise<unknown> | void): Promise<Took> {
  globalThis.gc?.()
  const cpuFrom = process.cpuUsage()
  const from = performance.now()
  await work()
  const ms = performance.now() - from
  const { user, system } = process.cpuUsage(cpuFrom)
  return { ms, cpuMs: (user + system) / 1_000 }
}

export function sum(...parts: readonly Took[]): Took {
  return parts.reduce((a, b) => ({ ms: a.ms + b.ms, cpuMs: a.cpuMs + b.cpuMs }))
}

/** The value below which this share of them lies. Throws RangeError for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const value = sorted[Math.floor((sorted.length - 1) * share)]
  if (value === undefined) throw new RangeError('nothing was measured')
  return value
}

/** The middle one; of an even number, the lower of the two. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Keeps every `inFlight` places busy with the next item, until all are done. */
export async function pump<T>(
  items: readonly T[],
  inFlight: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  const place = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item)
  }
  await Promise.all(Array.from({ length: inFlight }, place))
}

/** Figures by what was measured, one for each round. */
export function createFigures() {
  const rounds = new Map<string, number[]>()
  const of = (name: string) => rounds.get(name) ?? []
  return {
    add(name: string, value: number): void {
      rounds.set(name, [...of(name), value])
    },
    median: (name: string): number => median(of(name)),
    /** The lowest and the highest, printed by `show`. */
    spread: (name: string, show: (value: number) => string): string =>
      `${show(Math.min(...of(name)))}–${show(Math.max(...of(name)))}`,
  }
}
export type Figures = ReturnType<typeof createFigures>
