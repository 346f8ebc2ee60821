import { z } from 'zod'
import { Provider } from '../refs.ts'

export const EventContext = z.object({
  id: z.string(),
  provider: Provider.nullable(),
  eventId: z.string().nullable(),
  eventType: z.string().nullable(),
  apiVersion: z.string().nullable(),
  /** Why it was quarantined. */
  quarantine: z.string().nullable(),
})
export type EventContext = z.infer<typeof EventContext>
