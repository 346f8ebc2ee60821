/** How many of something were done in a second. */
export async function perSecond(count: number, work: () => Promise<void> | void): Promise<number> {
  globalThis.gc?.()
  const from = performance.now()
  await work()
  return (count * 1000) / (performance.now() - from)
}

/** The middle one; of an even number, the lower of the two. Throws RangeError for none. */
export function median(values: readonly number[]): number {
  const middle = [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
  if (middle === undefined) throw new RangeError('no rounds were run')
  return middle
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
  return {
    add(name: string, value: number): void {
      rounds.set(name, [...(rounds.get(name) ?? []), value])
    },
    median: (name: string): number => median(rounds.get(name) ?? []),
    /** The lowest and the highest. */
    spread(name: string): string {
      const values = rounds.get(name) ?? []
      return `${whole(Math.min(...values))}–${whole(Math.max(...values))}`
    },
  }
}
export type Figures = ReturnType<typeof createFigures>

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** Prints columns as wide as their widest cell; numbers stand to the right. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) =>
        /^[\d~]/.test(cell) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
      )
      .join('  ')
      .trimEnd()
  for (const row of [head, ...rows]) process.stdout.write(`  ${line(row)}\n`)
}

export function printTitle(title: string): void {
  process.stdout.write(`\n${title}\n`)
}
