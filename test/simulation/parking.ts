import type { Charts } from '../../actors/decision/chart.ts'
import { isActorRef, typeOf } from '../../values/ids.ts'
import type { GivenUp } from './alarms.ts'
import type { Journal } from './journals.ts'

/** A9: the actor of each effect that was given up has heard of it, if its chart takes that. */
export function faultsInParking(
  charts: Charts,
  journal: Journal,
  parked: readonly GivenUp[],
): string[] {
  return parked.flatMap(({ id, kind, error, at }) => {
    const actor = id.slice(0, id.indexOf('#'))
    if (!isActorRef(actor)) return [`A9 ${id} is of no actor`]
    if (!charts[typeOf(actor)]?.machine.events.includes('effect.parked')) return []
    const heard = journal.get(actor)?.some(({ envelope }) => {
      const { event } = envelope
      if (envelope.id === `${id}!parked`) return true
      // Of two that say the same of one moment, the second changes nothing and is not journaled.
      const isSame = event['effect'] === kind && event['error'] === error
      return event.type === 'effect.parked' && isSame && envelope.occurredAt === at
    })
    return heard ? [] : [`A9 ${actor} was never told that ${id} was parked`]
  })
}
