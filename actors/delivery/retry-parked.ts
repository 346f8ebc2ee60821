import type { Envelope } from '../journal/envelope.ts'
import type { Clock, DeadLetters, Journal, Log, ParkedItem } from '../ports.ts'
import type { TellOutcome } from '../tell-outcome.ts'

/** What became of a retry: of an envelope, its answer; of an effect, that it will be performed. */
export type RetryOutcome =
  | TellOutcome
  | { readonly outcome: 'retrying' }
  | { readonly outcome: 'unknown' }

export interface RetryingOptions {
  readonly store: DeadLetters & Pick<Journal, 'entry'>
  readonly clock: Clock
  readonly log: Log
  readonly retry: (envelope: Envelope, by: string) => Promise<TellOutcome>
  readonly nudge: () => void
}

/**
 * Tries again what is parked. An envelope is decided in its actor's own line, before anything else
 * that the actor takes; one that throws again stays parked. Of several of one actor the oldest
 * comes first: another answers `parked` with the id to retry before.
 */
export function createRetrying({ store, clock, log, retry, nudge }: RetryingOptions) {
  async function correlationOf({ id, actor, envelope }: ParkedItem): Promise<string | null> {
    if (envelope !== null) return envelope.correlationId
    const seq = Number(id.slice(actor.length + 1, id.lastIndexOf('.')))
    return (await store.entry(actor, seq))?.envelope.correlationId ?? null
  }

  async function askedFields(item: ParkedItem, by: string) {
    const { id: parked, kind, actor } = item
    return { parked, kind, actor, by, correlationId: await correlationOf(item) }
  }

  return async function retryParked(id: string, by: string): Promise<RetryOutcome> {
    const item = await store.parkedItem(id)
    if (item === null) return { outcome: 'unknown' }
    log.info('parked.retried', await askedFields(item, by))
    if (item.envelope !== null) return retry(item.envelope, by)
    const isThere = await store.unpark(id, clock.now(), by)
    nudge()
    return { outcome: isThere ? 'retrying' : 'unknown' }
  }
}
