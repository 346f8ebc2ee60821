import { typeOf } from '../../values/ids.ts'
import type { HttpDeps } from '../deps.ts'

/** What becomes of a webhook that was kept; one that can't be read is parked, and counted there. */
const outcomes = ['applied', 'ignored', 'quarantined'] as const

/**
 * Counts what becomes of each webhook that was kept, and warns of those that are not for us: a
 * growing number means a wrong key, account or mode.
 */
export function countEvents({
  runtime,
  metrics,
  log,
}: Pick<HttpDeps, 'runtime' | 'metrics' | 'log'>): void {
  runtime.subscribe(({ actor, changed, envelope, snapshot }) => {
    if (!changed || typeOf(actor) !== 'event') return
    const outcome = outcomes.find((one) => one === snapshot.state['value'])
    if (outcome === undefined) return
    metrics.event(outcome)
    if (outcome !== 'quarantined') return
    const { quarantine: why = null, eventType = null } = envelope.event
    log.warn('event.quarantined', {
      actor,
      eventType,
      why,
      correlationId: envelope.correlationId,
    })
  })
}
