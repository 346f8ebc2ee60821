import { z } from 'zod'
import { Provider } from '../refs.ts'

export const EventContext = z.object({
  id: z.string(),
  provider: Provider.nullable(),
  eventId: z.string().nullable(),
  eventType: z.string().nullable(),
  apiVersion: z.string().nullable(),
  /** Why it was quarantined or ignored. */
  detail: z.string().nullable(),
  /** The actors that it concerned. */
  told: z.array(z.string()),
})
export type EventContext = z.infer<typeof EventContext>
