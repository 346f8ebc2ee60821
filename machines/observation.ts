import { z } from 'zod'
import { Instant } from '../values/instant.ts'
import { canonical, sameJson } from '../values/json.ts'

/**
 * What a provider said of one object, and when: the one rule that makes the charts confluent (law
 * 2).
 *
 * `at` is the provider's time, in whole seconds. `read` is null for a webhook, and for a fresh read
 * the seq of the entry that asked for it. `seq` is the entry that took it.
 */
export interface Observation<Facts> {
  readonly facts: Facts
  readonly at: Instant
  readonly read: number | null
  readonly seq: number
}

/**
 * - `newer`: take it.
 * - `stale`: something later is known; record it and change nothing.
 * - `same`: it says what is known.
 * - `tied_over`, `tied_under`: another state with the same second. Webhooks of one second can
 * arrive in
 * either order, so arrival decides nothing: a fresh read does. Until it comes, and where the
 * provider
 *   no longer has the object, the higher-ranked state stands (`tied_over`: take the incoming one).
 */
export type Weight = 'newer' | 'stale' | 'same' | 'tied_over' | 'tied_under'

/** How two states of one kind of object stand to each other, beside their times. */
export interface Progress<Facts> {
  /** True of a state that the provider never leaves: no later word can undo it. */
  isTerminal(facts: Facts): boolean
  /** Which of two states of one second is further along. */
  rank(facts: Facts): number
}

/**
 * Compares terminal states before others, then by time; a fresh read beats all that was known when
 * it was asked for; two webhooks of one second by rank, then as text. So the end does not depend on
 * what arrived first.
 */
export function weigh<Facts>(
  known: Observation<Facts> | null | undefined,
  incoming: Observation<Facts>,
  progress: Progress<Facts>,
): Weight {
  if (!known) return 'newer'
  const ended = progress.isTerminal(known.facts)
  if (ended !== progress.isTerminal(incoming.facts)) return ended ? 'stale' : 'newer'
  if (incoming.read !== null) {
    if (known.seq <= incoming.read) return 'newer'
    if (known.read !== null) return known.read < incoming.read ? 'newer' : 'stale'
  }
  if (incoming.at !== known.at) return incoming.at > known.at ? 'newer' : 'stale'
  if (sameJson(incoming.facts, known.facts)) return 'same'
  // Between a read and a webhook of one second only another read can tell.
  if (known.read !== null || incoming.read !== null) return 'tied_under'
  const difference = progress.rank(incoming.facts) - progress.rank(known.facts)
  if (difference === 0) {
    return canonical(incoming.facts) > canonical(known.facts) ? 'tied_over' : 'tied_under'
  }
  return difference > 0 ? 'tied_over' : 'tied_under'
}

/**
 * What is kept of an observation that was taken. A read's own time is a lower bound (a call takes a
 * while, and clocks show seconds), so that what it beats may bear a later one, which then stands.
 */
export function observedOf<Facts>(
  known: Observation<Facts> | null | undefined,
  { facts, at, read, seq }: Observation<Facts>,
): Observation<Facts> {
  const isBound = read !== null && known && known.at > at
  return { facts, at: isBound ? known.at : at, read, seq }
}

/** Progress of an object that has a status: `order` from its first status to its last. */
export function progressOf<Facts extends { status: string | null }>(
  order: readonly string[],
  terminal: readonly string[],
): Progress<Facts> {
  return {
    isTerminal: ({ status }) => status !== null && terminal.includes(status),
    rank: ({ status }) => (status === null ? -1 : order.indexOf(status)),
  }
}

export function isTaken(weight: Weight): boolean {
  return weight === 'newer' || weight === 'tied_over'
}

export function isTied(weight: Weight): boolean {
  return weight === 'tied_over' || weight === 'tied_under'
}

// What each actor remembers beside its states. These are stored: a change here is a new chart
// version.

export function observed<Facts extends z.ZodType>(facts: Facts) {
  return z.object({
    facts,
    at: Instant,
    read: z.int().positive().nullable(),
    seq: z.int().positive(),
  })
}
