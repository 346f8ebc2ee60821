import { z } from 'zod'
import { Provider } from '../refs.ts'

// --- event: one webhook, kept as it came

export const EventEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('event.received'),
    provider: Provider,
    eventId: z.string(),
    eventType: z.string(),
    apiVersion: z.string().nullable(),
    /** The body as it came, byte for byte (UTF-8). */
    body: z.string(),
    /** Why it is not for us (another account, another mode); null if it is. */
    quarantine: z.string().nullable(),
  }),
])
export type EventEvent = z.infer<typeof EventEvent>

/** What became of a webhook: the result of its effect `event.apply`. */
export const WebhookOutcome = z.object({
  outcome: z.enum(['applied', 'ignored']),
  /** Why it was ignored. */
  detail: z.string().nullable(),
})
export type WebhookOutcome = z.infer<typeof WebhookOutcome>
