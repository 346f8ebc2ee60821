import { z } from 'zod'
import { Instant } from '../../values/instant.ts'
import type { Scope } from '../chart-types.ts'
import { Drift, type ReconciliationEvent } from './events.ts'

/** Sums over the parts of one walk through the provider's objects. */
export const Sweep = z.object({
  /** Which one: from 1. */
  number: z.int().positive(),
  /**
   * `first` and `routine` look at what the provider lists; the others at every account of ours,
   * too.
   */
  reason: z.enum(['first', 'routine', 'gap', 'asked']),
  /** Null for the first, which is due from the beginning. */
  startedAt: Instant.nullable(),
  objects: z.int().nonnegative(),
  /** How many of them differed from what we knew. */
  driftCount: z.int().nonnegative(),
  /** The first hundred differences. */
  drift: z.array(Drift),
})

export const ReconciliationContext = z.object({
  /** The provider. */
  id: z.string(),
  cursor: z.string().nullable(),
  /** The newest gap: the provider's events from here on were lost. */
  lostSince: Instant.nullable(),
  sweepsBegun: z.int().positive(),
  /** The walk under way, and where it goes on; null between walks. */
  sweep: Sweep.extend({ position: z.string().nullable() }).nullable(),
  /** The last walk that came to its end. */
  report: Sweep.extend({ finishedAt: Instant }).nullable(),
})
export type ReconciliationContext = z.infer<typeof ReconciliationContext>

export type ReconciliationScope = Scope<ReconciliationContext, ReconciliationEvent>

/** What a fold changes. */
export type ReconciliationChange = Partial<ReconciliationContext>

/** A walk that has looked at nothing yet. */
export const nothingFound = { position: null, objects: 0, driftCount: 0, drift: [] }

export function emptyReconciliation(id: string): ReconciliationContext {
  return {
    id,
    cursor: null,
    lostSince: null,
    sweepsBegun: 1,
    sweep: { number: 1, reason: 'first', startedAt: null, ...nothingFound },
    report: null,
  }
}
