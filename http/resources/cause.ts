import { z } from '@hono/zod-openapi'
import type { Entry } from '../../actors/journal/journal.ts'
import { valueOf } from '../../actors/decision/read-snapshot.ts'
import { typeOf } from '../../values/ids.ts'
import { stateText } from '../../values/json.ts'
import { WireInstant } from './wire.ts'

export const WireCause = z
  .object({
    actor: z.string().openapi({ example: 'subscription/sub_019e8a3c' }),
    seq: z.int(),
    event: z.string().openapi({ example: 'subscription.observed' }),
    occurred_at: WireInstant,
    source: z.string().openapi({
      description: 'provider, api, operator, timer, actor, effect or system.',
    }),
    principal: z.string().openapi({ description: 'Who did it.' }),
    state: z.string().openapi({ description: 'The state that it led to.' }),
    provider_event: z
      .object({ provider: z.string(), id: z.string(), type: z.string() })
      .nullable()
      .openapi({ description: "The provider's own event, where the chain begins with one." }),
  })
  .openapi('Cause')

/** What of a stored webhook its cause names. */
const Received = z.object({
  provider: z.string(),
  eventId: z.string(),
  eventType: z.string(),
})

export function presentCause(entry: Entry): z.infer<typeof WireCause> {
  const { event, occurredAt, source, principal } = entry.envelope
  return {
    actor: entry.actor,
    seq: entry.seq,
    event: event.type,
    occurred_at: occurredAt,
    source,
    principal,
    state: stateText(valueOf(entry)),
    provider_event: typeOf(entry.actor) === 'event' ? providerEvent(event) : null,
  }
}

function providerEvent(event: unknown): z.infer<typeof WireCause>['provider_event'] {
  const { data } = Received.safeParse(event)
  return data ? { provider: data.provider, id: data.eventId, type: data.eventType } : null
}
