import { z } from 'zod'
import { ActorRef } from '../../values/ids.ts'
import { Instant } from '../../values/instant.ts'
import { JsonObject } from '../../values/json.ts'

/**
 * One event on its way to one actor. `id` is the dedupe key: a provider's event, a client's
 * idempotency key, a timer's instance or an effect's id; an actor takes an id once (promise P2).
 */
export const Envelope = z.object({
  id: z.string().min(1).max(300),
  to: ActorRef,
  /**
   * What happened or is asked. Its fields are checked against the actor's own schema in `decide`.
   */
  event: z.looseObject({ type: z.string().min(1) }).and(JsonObject),
  source: z.enum(['provider', 'api', 'operator', 'timer', 'actor', 'effect', 'system']),
  /**
   * When it happened: the provider's stamp, a timer's nominal time, or our clock for a request.
   * This is the time that charts see, and from which their timers count.
   */
  occurredAt: Instant,
  /** When it reached us, by our clock. For operators; no decision depends on it. */
  receivedAt: Instant,
  /** The effect, webhook or request that led to it. */
  causationId: z.string().nullable(),
  /** Shared by everything that one outside cause led to. */
  correlationId: z.string(),
  /** Who: `key:<name>`, `operator:<name>`, `provider:stripe`, `timer`, `actor:<ref>`, `system`. */
  principal: z.string(),
})
export type Envelope = z.infer<typeof Envelope>
