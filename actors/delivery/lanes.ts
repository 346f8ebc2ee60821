import type { Effect } from '../journal/journal.ts'

/**
 * What an effect waits for. A call to a provider may hang, for half a minute at worst; all else is
 * our own work and goes on beside it.
 */
export type Lane = 'internal' | 'external'

/**
 * An effect that names its provider calls it, but for `event.apply`: that reads what has come
 * already.
 */
export function laneOf({ kind, provider }: Effect): Lane {
  return provider === undefined || kind === 'event.apply' ? 'internal' : 'external'
}
