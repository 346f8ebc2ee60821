import { applied, ignored, message, type Reading, type Sight } from '../message.ts'

interface RelatedObject {
  readonly id: string
  readonly type: string
}

/** The objects whose change is told on; of an InvoicePayment only a read can say what it belongs to. */
export type ThinResult = Reading | { readonly outcome: 'lookup'; readonly invoicePayment: string }

/** A notification has no state: it asks the actor to read the object. */
export function readThin(related: RelatedObject | null, { at }: Sight): ThinResult {
  if (related === null) return ignored('a notification of nothing')
  switch (related.type) {
    case 'subscription':
      return applied(
        message({
          target: { type: 'subscription', ours: null, theirs: related.id },
          event: { type: 'subscription.hinted', subscription: related.id },
          refs: {},
          occurredAt: at,
        }),
      )
    case 'invoice':
      return applied(
        message({
          target: { type: 'invoice', ours: null, theirs: related.id },
          event: { type: 'invoice.hinted', invoice: related.id },
          refs: {},
          occurredAt: at,
        }),
      )
    case 'invoice_payment':
      return { outcome: 'lookup', invoicePayment: related.id }
    default:
      return ignored(`a notification of a ${related.type}, which moves nothing here`)
  }
}
