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
  z.object({
    type: z.literal('event.applied'),
    outcome: z.enum(['applied', 'ignored']),
    detail: z.string().nullable(),
    told: z.array(z.string()),
  }),
])
export type EventEvent = z.infer<typeof EventEvent>
