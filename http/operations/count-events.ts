import { typeOf } from '../../values/ids.ts'
import type { HttpDeps } from '../deps.ts'

/**
 * Counts the webhooks that are not for us, and warns of them: a growing number means a wrong key,
 * account or mode. What became of the others is the result of their effect, and counted there.
 */
export function countEvents({
  runtime,
  metrics,
  log,
}: Pick<HttpDeps, 'runtime' | 'metrics' | 'log'>): void {
  runtime.subscribe(({ actor, envelope, snapshot }) => {
    if (typeOf(actor) !== 'event' || snapshot.state['value'] !== 'quarantined') return
    metrics.event('quarantined')
    const { quarantine: why = null, eventType = null } = envelope.event
    log.warn('event.quarantined', {
      actor,
      eventType,
      why,
      correlationId: envelope.correlationId,
    })
  })
}
