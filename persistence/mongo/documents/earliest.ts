import type { Instant } from '../../../values/instant.ts'

/** Null if there is none. */
export function earliest(times: readonly Instant[]): Instant | null {
  const [first, ...rest] = times
  if (first === undefined) return null
  return rest.reduce((least, at) => (at < least ? at : least), first)
}
