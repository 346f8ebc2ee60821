import { z } from 'zod'
import { ActorRef } from '../../values/ids.ts'
import { Instant } from '../../values/instant.ts'
import { Refresh } from '../shared-events.ts'

/**
 * How one field of an object differs; values are JSON, cut short, and an e-mail address is never
 * shown.
 */
export const Drift = z.object({
  ref: ActorRef,
  /** Of the facts; `object` where we knew nothing of it. */
  field: z.string(),
  ours: z.string().nullable(),
  theirs: z.string().nullable(),
})
export type Drift = z.infer<typeof Drift>

/**
 * What one part of a sweep found: the objects compared, how many of them differed, and the first of
 * how.
 */
export const Swept = {
  /**
   * The sweep, and the position at which the part began: a part told twice, or too late, counts
   * once.
   */
  sweep: z.int().positive(),
  from: z.string().nullable(),
  objects: z.int().nonnegative(),
  driftCount: z.int().nonnegative(),
  drift: z.array(Drift).max(100),
}

/** What asks, and can be refused. */
export const ReconciliationCommand = z.discriminatedUnion('type', [Refresh])

/** What others say: taken or not, and never refused. */
export const ReconciliationObservation = z.discriminatedUnion('type', [
  /** How far the provider's list of events has been read; opaque here. */
  z.object({ type: z.literal('cursor.moved'), cursor: z.string() }),
  /** Events were lost for good: the provider keeps none as old as the last that was read. */
  z.object({ type: z.literal('gap.found'), lostSince: Instant }),
  z.object({ type: z.literal('sweep.advanced'), ...Swept, position: z.string() }),
  z.object({ type: z.literal('sweep.finished'), ...Swept }),
])

export const ReconciliationEvent = z.discriminatedUnion('type', [
  ...ReconciliationCommand.options,
  ...ReconciliationObservation.options,
])
export type ReconciliationEvent = z.infer<typeof ReconciliationEvent>
