import type { Envelope } from './journal/envelope.ts'
import type { Entry } from './journal/journal.ts'
import type { Refusal } from './refusal.ts'

/** What became of an envelope. */
export type TellOutcome =
  | { readonly outcome: 'committed'; readonly entry: Entry }
  /** The actor has taken this envelope id before; `entry` is what it became then. */
  | { readonly outcome: 'duplicate'; readonly entry: Entry }
  /** An observation that changes nothing: it is not journaled. `entry` is the actor's newest. */
  | { readonly outcome: 'unchanged'; readonly entry: Entry }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
  /**
   * The actor waits for a person, since an envelope that it could not decide; `id` names what is
   * parked.
   */
  | { readonly outcome: 'parked'; readonly id: string }
  /** Too much waits for this actor already: nothing was written, tell it again later. */
  | { readonly outcome: 'busy' }

/** An envelope in an actor's line, and who waits for its answer. */
export interface QueuedEnvelope {
  readonly envelope: Envelope
  /**
   * Who had it tried again, of what was parked, which may pass while the actor is parked; null of
   * all else.
   */
  readonly retriedBy: string | null
  answer(told: TellOutcome): void
  fail(error: unknown): void
}

/** The id under which an envelope is parked. */
export function parkedId(envelope: Envelope): string {
  return `${envelope.to}!${envelope.id}`
}
