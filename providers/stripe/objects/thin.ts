import { applied, ignored, message, type Reading, type Sight } from '../message.ts'

interface RelatedObject {
  readonly id: string
  readonly type: string
}

/** An object that must be read before it is known which actors it concerns. */
export interface LookUp {
  readonly outcome: 'lookup'
  readonly object: ObjectToRead
  readonly id: string
}

export type ThinResult = Reading | LookUp

const objectsToRead = [
  'customer',
  'payment_method',
  'payment_intent',
  'charge',
  'refund',
  'dispute',
  'checkout.session',
  'invoice_payment',
] as const
export type ObjectToRead = (typeof objectsToRead)[number]

/** A notification has no state: the actor is asked to read its object, or it is read at once. */
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
  }
  const object = objectsToRead.find((one) => one === related.type)
  if (object !== undefined) return { outcome: 'lookup', object, id: related.id }
  return ignored(`a notification of a ${related.type}, which moves nothing here`)
}
