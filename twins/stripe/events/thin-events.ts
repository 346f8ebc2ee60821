import { instantOfSeconds } from '../../../values/instant.ts'
import type { JsonObject } from '../../../values/json.ts'
import { at, isStripeObject, textAt } from '../../kernel/fields.ts'
import type { StripeObject } from '../../kernel/objects.ts'

const families = ['customer.subscription.', 'invoice.', 'invoice_payment.'] as const

/** Where the API shows an object that has thin events. */
function urlOf(object: StripeObject): string {
  const folder = object.object === 'invoice_payment' ? 'invoice_payments' : `${object.object}s`
  return `/v1/${folder}/${object.id}`
}

/**
 * The notification that goes with a snapshot event of a subscription or an invoice: its type, and
 * where to read the object; no state. Null for what has none. Its id is derived from the snapshot
 * event's.
 */
export function thinNotification(event: StripeObject): JsonObject | null {
  const type = textAt(event, 'type') ?? ''
  const object = at(event, 'data.object')
  if (!isStripeObject(object) || !families.some((family) => type.startsWith(family))) return null
  const requestId = textAt(event, 'request.id')
  const request = {
    id: requestId,
    idempotency_key: textAt(event, 'request.idempotency_key') ?? '',
  }
  return {
    id: `evt_thin_${event.id.slice('evt_'.length)}`,
    object: 'v2.core.event',
    type: `v1.${type}`,
    created: instantOfSeconds(event.created),
    livemode: false,
    reason: requestId === null ? null : { type: 'request', request },
    related_object: { id: object.id, type: object.object, url: urlOf(object) },
    snapshot_event: event.id,
  }
}

/** The id of the snapshot event behind a notification's id. */
export function snapshotIdOf(thinId: string): string {
  return thinId.replace(/^evt_thin_/, 'evt_')
}
