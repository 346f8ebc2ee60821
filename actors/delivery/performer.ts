import type { ActorRef } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import type { Envelope } from '../journal/envelope.ts'
import type { ClaimedEffect } from '../ports.ts'

/** Performs effects of some kinds. See `deliver.ts` for what is made of its answer. */
export interface Performer {
  /** The provider that it calls; null for what is done without one. */
  readonly provider: string | null
  /** The kinds of effect that it takes. */
  readonly kinds: readonly string[]
  /**
   * Does what the effect asks and returns what the asking actor is to be told, if anything.
   * May be called again for the same effect: it must then do nothing twice.
   * Throws RetryLater to be called again; anything else that it throws parks the effect.
   */
  perform(claimed: ClaimedEffect, now: Instant): Promise<readonly Result[] | Performed>
  /**
   * Of an effect that its actor does not want any more: looks, and does nothing. Answers what
   * `perform` would have answered of what was done already, or null if nothing was, or can be any
   * more, by the tries before. Throws as `perform` does.
   */
  lookUp?(claimed: ClaimedEffect, now: Instant): Promise<readonly Result[] | null>
}

/** What was performed, where what became of it is to be kept with the effect (`Store.effectsOf`). */
export interface Performed {
  readonly results: readonly Result[]
  /** The runtime adds `told`: each receiver, with what it made of it. */
  readonly outcome: JsonObject
}

/** A result goes back to the actor that asked, unless it names another. */
export interface Result<Event extends { type: string } = JsonObject & { type: string }> {
  readonly event: Event
  readonly to?: ActorRef
  /** By default the time of performing; a provider's own stamp where it gave one. */
  readonly occurredAt?: Instant
  /** By default derived from the effect's id (promise A5); given only where many effects may bring one result. */
  readonly envelopeId?: string
  readonly source?: Envelope['source']
  readonly principal?: string
}
