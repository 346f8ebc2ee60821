import { ZodError } from 'zod'
import type { Catalog } from '../../machines/catalog/catalog.ts'
import { EventBody } from './event-body.ts'
import { ignored, type Reading, type Sight } from './message.ts'
import { readCharge } from './objects/charge.ts'
import { readCheckoutSession } from './objects/checkout-session.ts'
import { readCustomer } from './objects/customer.ts'
import { readDispute } from './objects/dispute.ts'
import { readInvoicePayment } from './objects/invoice-payment.ts'
import { readInvoice } from './objects/invoice.ts'
import { readPaymentIntent } from './objects/payment-intent.ts'
import { readPaymentMethod } from './objects/payment-method.ts'
import { readRefund } from './objects/refund.ts'
import { readSetupIntent } from './objects/setup-intent.ts'
import { readSubscription } from './objects/subscription.ts'
import { readThin, type ThinResult } from './objects/thin.ts'

export type NormaliseResult =
  | ThinResult
  /** It names an object that we know, and lacks what we need of it. */
  | { readonly outcome: 'unreadable'; readonly why: string }

/** By the object's own name, so that a new event type of a known object is understood at once. */
const readers: Readonly<Record<string, (object: unknown, seen: Sight) => Reading>> = {
  customer: readCustomer,
  payment_method: readPaymentMethod,
  setup_intent: readSetupIntent,
  payment_intent: readPaymentIntent,
  charge: readCharge,
  refund: readRefund,
  dispute: readDispute,
  'checkout.session': readCheckoutSession,
  subscription: readSubscription,
  invoice: readInvoice,
  invoice_payment: readInvoicePayment,
}

const deletions: ReadonlySet<string> = new Set(['customer.deleted', 'invoice.deleted'])

/**
 * What one event of Stripe says, and about which actor; pure and total: any JSON at all has an
 * outcome. The object alone decides what is said, never the event's type (but for deletions), so
 * that two events of one object in one second that show the same are one fact.
 */
export function normalise(json: unknown, { catalog }: { catalog: Catalog }): NormaliseResult {
  const parsed = EventBody.safeParse(json)
  if (!parsed.success) return { outcome: 'unreadable', why: whyOf(parsed.error) }
  const event = parsed.data
  const webhook = { read: null, deleted: false, previous: null, asker: null }
  const seen = { ...webhook, at: event.created, catalog }
  if (event.object === 'v2.core.event') return readThin(event.related_object ?? null, seen)
  const { object, previous_attributes: previous = null } = event.data
  return normaliseObject(object, { ...seen, previous, deleted: deletions.has(event.type) })
}

/** What an object says, whether a webhook or a fresh read showed it. */
export function normaliseObject(
  object: { readonly object: string },
  seen: Sight,
): Reading | Extract<NormaliseResult, { outcome: 'unreadable' }> {
  const read = Object.hasOwn(readers, object.object) ? readers[object.object] : undefined
  if (read === undefined) return ignored(`no use for a ${object.object}`)
  try {
    return read(object, seen)
  } catch (error) {
    if (error instanceof ZodError) return { outcome: 'unreadable', why: whyOf(error) }
    throw error
  }
}

/** The first thing wrong, by its path: `items.data.0.quantity: expected number`. */
export function whyOf({ issues }: ZodError): string {
  const [issue] = issues
  if (issue === undefined) return 'it is not what Stripe sends'
  const path = issue.path.map(String).join('.')
  return `${path === '' ? 'the body' : path}: ${issue.message}`
}
