import { z } from 'zod'
import { type Instant, instant, instantOfSeconds } from '../../values/instant.ts'

// The envelope of Stripe's events, of every version since 2011 and of both shapes.

const common = {
  id: z.string().min(1).max(255),
  type: z.string().min(1).max(255),
  livemode: z.boolean(),
}

/** Carries its object as it was. */
const SnapshotEvent = z.object({
  ...common,
  object: z.literal('event'),
  created: z
    .int()
    .min(0)
    .max(253_402_300_799)
    .transform((seconds) => instantOfSeconds(seconds)),
  api_version: z.string().nullish(),
  /** The connected account that it is of; absent on one's own. */
  account: z.string().nullish(),
  data: z.object({
    object: z.looseObject({ object: z.string() }),
    previous_attributes: z.unknown().optional(),
  }),
})

/** Says that something changed, and where to read it: an event notification, or "thin" event. */
const ThinEvent = z.object({
  ...common,
  object: z.literal('v2.core.event'),
  created: z.iso
    .datetime({ offset: true })
    .transform((text): Instant => instant(Math.floor(Date.parse(text) / 1000) * 1000)),
  context: z.string().nullish(),
  related_object: z.object({ id: z.string().min(1), type: z.string() }).nullish(),
  data: z.unknown().optional(),
})

export const EventBody = z.discriminatedUnion('object', [SnapshotEvent, ThinEvent])
export type EventBody = z.infer<typeof EventBody>
