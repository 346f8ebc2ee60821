import type { Envelope } from '../../actors/journal/envelope.ts'
import { EventEvent } from '../../machines/webhook/events.ts'
import type { ActorRef } from '../../values/ids.ts'

/** A webhook's body, parsed, and what it is called by where it can't be read. */
export interface ReceivedEvent {
  readonly json: unknown
  readonly eventType: string
  readonly apiVersion: string | null
}

export interface RecentEvents {
  remember(envelope: Envelope, json: unknown): void
  /** Null where this process did not receive it a moment ago: the journal has it. */
  take(actor: ActorRef): ReceivedEvent | null
}

/** Longer bodies are not worth their memory. */
const charactersMax = 65_536

/**
 * What was received a moment ago is applied a moment later, mostly by the same process: until then
 * its body stays parsed. The actor's name holds a digest of the content, so that both are the same.
 */
export function createRecentEvents(eventsMax = 256): RecentEvents {
  const recent = new Map<ActorRef, ReceivedEvent>()
  return {
    remember({ to, event }, json) {
      const received = EventEvent.safeParse(event)
      if (!received.success || received.data.quarantine !== null) return
      const { body, eventType, apiVersion } = received.data
      if (body.length > charactersMax) return
      recent.delete(to)
      const [oldest] = recent.keys()
      if (recent.size >= eventsMax && oldest !== undefined) recent.delete(oldest)
      recent.set(to, { json, eventType, apiVersion })
    },
    take(actor) {
      const event = recent.get(actor) ?? null
      recent.delete(actor)
      return event
    },
  }
}
