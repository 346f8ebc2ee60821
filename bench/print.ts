export function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

export function ratio(value: number): string {
  return value.toFixed(2)
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
