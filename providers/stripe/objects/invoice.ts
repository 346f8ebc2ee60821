import { z } from 'zod'
import type {
  InvoiceFacts,
  InvoiceLine,
  InvoicePaymentState,
} from '../../../machines/invoice/facts.ts'
import type { Period } from '../../../values/calendar.ts'
import { applied, ignored, message, type Reading, type Sight } from '../message.ts'
import { OurMetadata, targetOf } from '../refs.ts'
import {
  CurrencyCode,
  MaybeDecline,
  MaybeId,
  MaybePeriod,
  MaybeSeconds,
  MaybeText,
  Seconds,
} from './fields.ts'

const Details = z.object({ subscription: MaybeId, metadata: OurMetadata }).nullish()

const StripeLine = z.object({
  description: MaybeText,
  amount: z.int(),
  quantity: z.int().nullish().catch(null),
  period: MaybePeriod,
  // Which subscription it bills: since 2025-03-31.basil by its parent, before by the line itself.
  parent: z.object({ type: MaybeText }).nullish().catch(null),
  type: MaybeText,
  proration: z.boolean().nullish().catch(null),
})

/** An InvoicePayment with its intent expanded; without, it says nothing that we may use. */
const Paid = z.object({
  is_default: z.boolean().nullish(),
  payment: z.object({
    payment_intent: z.object({
      id: z.string(),
      status: z.string(),
      last_payment_error: MaybeDecline,
    }),
  }),
})

const StripeInvoice = z.object({
  id: z.string().min(1),
  status: MaybeText,
  number: MaybeText,
  currency: CurrencyCode,
  total: z.int(),
  amount_due: z.int(),
  amount_paid: z.int(),
  amount_remaining: z.int().nullish(),
  billing_reason: MaybeText,
  collection_method: MaybeText,
  attempted: z.boolean().nullish(),
  attempt_count: z.int().nonnegative().nullish(),
  next_payment_attempt: MaybeSeconds,
  status_transitions: z.object({ finalized_at: MaybeSeconds }).nullish(),
  due_date: MaybeSeconds,
  created: Seconds,
  period_start: MaybeSeconds,
  period_end: MaybeSeconds,
  lines: z.object({ data: z.array(StripeLine) }).nullish(),
  hosted_invoice_url: MaybeText,
  customer: MaybeId,
  // The subscription: in `parent` since 2025-03-31.basil; before, beside its metadata.
  parent: z.object({ subscription_details: Details }).nullish(),
  subscription: MaybeId,
  subscription_details: Details,
  metadata: OurMetadata,
  payments: z
    .object({ data: z.array(z.unknown()) })
    .nullish()
    .catch(null),
})
type StripeInvoice = z.infer<typeof StripeInvoice>

type StripeLine = z.infer<typeof StripeLine>

function lineOf({ description, amount, quantity, period }: StripeLine): InvoiceLine {
  return { description, amountMinor: amount, quantity: quantity ?? null, period }
}

function billsSubscription({ parent, type, proration }: StripeLine): boolean {
  const kind = parent?.type ?? type
  return (kind === 'subscription_item_details' || kind === 'subscription') && proration !== true
}

/**
 * The time that the invoice sells: the latest of its subscription lines'. The invoice's own period
 * looks back one period (docs.stripe.com/api/invoices), so it stands only where no line tells.
 */
function soldPeriod(invoice: StripeInvoice): Period | null {
  let sold: Period | null = null
  for (const line of invoice.lines?.data ?? []) {
    if (line.period === null || !billsSubscription(line)) continue
    if (sold === null || line.period.end > sold.end) sold = line.period
  }
  if (sold !== null) return sold
  const { period_start: start, period_end: end } = invoice
  return start === null || end === null ? null : { start, end }
}

function invoiceFacts(invoice: StripeInvoice, deleted: boolean): InvoiceFacts {
  return {
    invoice: invoice.id,
    status: invoice.status ?? 'draft',
    deleted,
    number: invoice.number,
    currency: invoice.currency,
    totalMinor: invoice.total,
    amountDueMinor: invoice.amount_due,
    amountPaidMinor: invoice.amount_paid,
    amountRemainingMinor:
      invoice.amount_remaining ?? Math.max(0, invoice.amount_due - invoice.amount_paid),
    billingReason: invoice.billing_reason,
    collection:
      invoice.collection_method === 'send_invoice' ? 'send_invoice' : 'charge_automatically',
    attempted: invoice.attempted ?? false,
    attemptCount: invoice.attempt_count ?? 0,
    nextPaymentAttemptAt: invoice.next_payment_attempt,
    finalizedAt: invoice.status_transitions?.finalized_at ?? null,
    dueAt: invoice.due_date,
    createdAt: invoice.created,
    period: soldPeriod(invoice),
    lines: (invoice.lines?.data ?? []).slice(0, 250).map(lineOf),
    hostedUrl: invoice.hosted_invoice_url,
  }
}

/** Of the default payment, else of the newest. */
function paymentState({ payments }: StripeInvoice): InvoicePaymentState | null {
  const known = (payments?.data ?? []).flatMap((item) => {
    const parsed = Paid.safeParse(item)
    return parsed.success ? [parsed.data] : []
  })
  const current = known.find((item) => item.is_default === true) ?? known.at(-1)
  if (current === undefined) return null
  const { id, status, last_payment_error: declineCode } = current.payment.payment_intent
  return { paymentIntent: id, status, declineCode }
}

/** An invoice that is only a preview has no id. */
const HasId = z.object({ id: z.string().min(1) })

export function readInvoice(object: unknown, { at, read, deleted }: Sight): Reading {
  if (!HasId.safeParse(object).success) return ignored('a preview: an invoice without an id')
  const invoice = StripeInvoice.parse(object)
  const details = invoice.parent?.subscription_details ?? invoice.subscription_details
  const subscription = targetOf('subscription', {
    ours: details?.metadata.subscription ?? null,
    theirs: details?.subscription ?? invoice.subscription,
  })
  const account = targetOf('account', {
    ours: details?.metadata.account ?? invoice.metadata.account,
    theirs: invoice.customer,
  })
  const seenInvoice = message({
    target: { type: 'invoice', ours: invoice.metadata.invoice, theirs: invoice.id },
    event: {
      type: 'invoice.observed',
      read,
      facts: invoiceFacts(invoice, deleted),
      payment: read === null ? null : paymentState(invoice),
    },
    refs: { account, subscription },
    occurredAt: at,
  })
  if (subscription === null || subscription.theirs === null) return applied(seenInvoice)
  const event = {
    type: 'subscription.referenced',
    subscription: subscription.theirs,
  } as const
  const reference = { target: subscription, event, refs: { account }, occurredAt: at } as const
  return applied(seenInvoice, message({ ...reference, newsTo: 'unlinked' }))
}
