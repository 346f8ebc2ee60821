import type { Envelope } from '../journal/envelope.ts'
import type { Clock, DeadLetters, Log } from '../ports.ts'
import type { TellOutcome } from '../tell-outcome.ts'

/** What became of a retry: of an envelope, its answer; of an effect, that it will be performed. */
export type RetryOutcome =
  | TellOutcome
  | { readonly outcome: 'retrying' }
  | { readonly outcome: 'unknown' }

export interface RetryingOptions {
  readonly store: DeadLetters
  readonly clock: Clock
  readonly log: Log
  readonly retry: (envelope: Envelope) => Promise<TellOutcome>
  readonly nudge: () => void
}

/**
 * Tries again what is parked. An envelope is decided in its actor's own line, before anything else
 * that the actor takes; one that throws again stays parked. Of several of one actor the oldest
 * comes first: another answers `parked` with the id to retry before.
 */
export function createRetrying({ store, clock, log, retry, nudge }: RetryingOptions) {
  return async function retryParked(id: string, by: string): Promise<RetryOutcome> {
    const item = await store.parkedItem(id)
    if (item === null) return { outcome: 'unknown' }
    log.info('parked.retried', { parked: id, actor: item.actor, by })
    if (item.envelope !== null) return retry(item.envelope)
    const isThere = await store.unpark(id, clock.now())
    nudge()
    return { outcome: isThere ? 'retrying' : 'unknown' }
  }
}
