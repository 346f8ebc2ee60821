import { z } from 'zod'
import { ActorRef } from '../values/ids.ts'
import type { Instant } from '../values/instant.ts'
import { JsonObject } from '../values/json.ts'
import { EffectKind } from './effects.ts'

/** What the runtime adds to every event before a chart sees it. */
export interface Stamped {
  /** When it happened (`Envelope.occurredAt`): the only clock that a chart has. */
  readonly at: Instant
  /** Who did it (`Envelope.principal`). */
  readonly by: string
  /** The number of the journal entry that this decision becomes. */
  readonly seq: number
}

/** Of a fresh read: the seq of the entry that asked; of a webhook: null. */
export const read = z.int().positive().nullable()

/** The sender's seq: a summary with a lower one than is known is out of date. */
export const version = z.int().positive()

/** Of a summary that was asked for: it was told whatever was told before. */
export const again = z.exactOptional(z.literal(true))

/** What a summary says, without what only its way here needs. */
export function summaryIn<Event extends Stamped & { type: string; again?: true }>(
  event: Event,
): Omit<Event, 'type' | 'again' | keyof Stamped> {
  const { type: _type, again: _again, at: _at, by: _by, seq: _seq, ...summary } = event
  return summary
}

/** An actor that may have forgotten this one wants its summary once more: the runtime tells it. */
export const SummaryAsked = z.object({
  type: z.literal('summary.asked'),
  version,
  asker: ActorRef,
})

/** The provider has no such object (any more). */
export const ObjectMissing = z.object({
  type: z.literal('object.missing'),
  object: z.string(),
  id: z.string(),
})

/** An effect was refused by the provider for good: a decline, or a request it does not accept. */
export const EffectRejected = z.object({
  type: z.literal('effect.rejected'),
  effect: EffectKind,
  code: z.string(),
  message: z.string(),
})

/** An effect of this actor was given up, and waits for a person (A9). */
export const EffectParked = z.object({
  type: z.literal('effect.parked'),
  effect: EffectKind,
  id: z.string(),
  error: z.string(),
})

/** An effect of this actor was not done, and will not be: it was not wanted any more. */
export const EffectNotWanted = z.object({
  type: z.literal('effect.not_wanted'),
  effect: EffectKind,
  id: z.string(),
  /** What was asked for. */
  asked: JsonObject,
})

/** Asks the provider how things stand, whatever is known. */
export const Refresh = z.object({ type: z.literal('refresh') })
