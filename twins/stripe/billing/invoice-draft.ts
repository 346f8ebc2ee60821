import type { JsonObject } from '../../../values/json.ts'
import { collectionId } from './billing-changes.ts'
import type { Period } from './billing-periods.ts'
import type { Customer, Invoice, Item, Subscription } from './billing-records.ts'
import type { Billing } from './billing.ts'

export interface Draft {
  readonly reason: 'subscription_create' | 'subscription_cycle' | 'subscription_update'
  /** What the lines bill. */
  readonly period: Period
  /** Stripe's invoice period, which looks back: the one that has just ended. */
  readonly lookback: Period
  /**
   * The part of a full period that is charged: 0 in a trial, 1 as a rule, between where it is
   * prorated.
   */
  readonly share: number
  /** When it stops being a draft by itself; null if nobody collects it without being told to. */
  readonly finalizesAt: number | null
}

/** Creates the invoice of one period of a subscription as a draft, and says `invoice.created`. */
export function draftInvoice(billing: Billing, subscription: Subscription, draft: Draft): Invoice {
  const { state, store } = billing
  const id = state.newId('in')
  const lines = subscription.items.data.map((item) => lineOf(billing, { id, item, draft }))
  const total = lines.reduce((sum, line) => sum + line.amount, 0)
  const customer = store.customers.need(subscription.customer)
  const invoice = blankInvoice(billing, { id, customer, subscription, draft, lines, total })
  store.invoices.put(invoice)
  store.collections.put({
    id: collectionId(id),
    object: 'invoice_collection',
    created: state.now(),
    livemode: false,
    invoice: id,
    invoice_payment: null,
    payment_intent: null,
    first_failed_at: null,
    refused_methods: [],
    confirming: false,
    processing: false,
  })
  state.emit('invoice.created', invoice)
  return invoice
}

interface LineInput {
  readonly id: string
  readonly item: Item
  readonly draft: Draft
}

type Line = JsonObject & { amount: number }

function lineOf(billing: Billing, { id, item, draft }: LineInput): Line {
  const { price, quantity } = item
  const unit = price.unit_amount ?? 0
  const amount = Math.round(unit * quantity * draft.share)
  const proration = draft.share > 0 && draft.share < 1
  return {
    id: billing.state.newId('il'),
    object: 'line_item',
    amount,
    currency: price.currency,
    description: describe(item, draft.share),
    discount_amounts: [],
    discountable: !proration,
    discounts: [],
    invoice: id,
    livemode: false,
    metadata: item.metadata,
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration,
        proration_details: { credited_items: null },
        subscription: item.subscription,
        subscription_item: item.id,
      },
      type: 'subscription_item_details',
    },
    period: { start: draft.period.start, end: draft.period.end },
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: price.id, product: price.product },
      type: 'price_details',
      unit_amount_decimal: String(draft.share === 0 ? 0 : unit),
    },
    quantity,
    quantity_decimal: String(quantity),
    subscription: item.subscription,
    subtotal: amount,
    taxes: [],
  }
}

function describe(item: Item, share: number): string {
  if (share === 0) return `Trial period for ${item.price.product}`
  if (share < 1) return `Remaining time on ${item.quantity} × ${item.price.product}`
  const every = item.price.recurring
  const count = every === null || every.interval_count === 1 ? '' : `${every.interval_count} `
  return `${item.quantity} × ${item.price.product} (per ${count}${every?.interval ?? 'period'})`
}

interface InvoiceInput {
  readonly id: string
  readonly customer: Customer
  readonly subscription: Subscription
  readonly draft: Draft
  readonly lines: Line[]
  readonly total: number
}

function blankInvoice(billing: Billing, input: InvoiceInput): Invoice {
  const { id, customer, subscription, draft, lines, total } = input
  const now = billing.state.now()
  return {
    ...amounts(total),
    ...unused(),
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: 'Sandbox',
    attempt_count: 0,
    attempted: false,
    auto_advance: draft.finalizesAt !== null,
    automatically_finalizes_at: draft.finalizesAt,
    billing_reason: draft.reason,
    collection_method: 'charge_automatically',
    created: now,
    currency: subscription.currency,
    customer: customer.id,
    customer_email: customer.email,
    customer_name: customer.name,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
    default_payment_method: null,
    default_tax_rates: [],
    discounts: [],
    effective_at: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: 'self' },
    lines: {
      object: 'list',
      data: lines,
      has_more: false,
      total_count: lines.length,
      url: `/v1/invoices/${id}/lines`,
    },
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: null,
    parent: {
      quote_details: null,
      subscription_details: { metadata: subscription.metadata, subscription: subscription.id },
      type: 'subscription_details',
    },
    payment_settings: {
      default_mandate: null,
      payment_method_options: null,
      payment_method_types: null,
    },
    period_end: draft.lookback.end,
    period_start: draft.lookback.start,
    status: 'draft',
    status_transitions: {
      finalized_at: null,
      marked_uncollectible_at: null,
      paid_at: null,
      voided_at: null,
    },
  }
}

function amounts(total: number) {
  return {
    amount_due: total,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: total,
    amount_shipping: 0,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    starting_balance: 0,
    subtotal: total,
    subtotal_excluding_tax: total,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total,
    total_pretax_credit_amounts: [],
    total_taxes: [],
  }
}

/**
 * Fields of Stripe's invoice that the twin has no use for, as Stripe shows them when they are
 * unset.
 */
function unused() {
  return {
    account_tax_ids: null,
    application: null,
    automatic_tax: {
      disabled_reason: null,
      enabled: false,
      liability: null,
      provider: null,
      status: null,
    },
    custom_fields: null,
    customer_account: null,
    customer_address: null,
    customer_phone: null,
    customer_shipping: null,
    default_source: null,
    description: null,
    due_date: null,
    ending_balance: null,
    footer: null,
    from_invoice: null,
    last_finalization_error: null,
    latest_revision: null,
    on_behalf_of: null,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    statement_descriptor: null,
    test_clock: null,
    webhooks_delivered_at: null,
  }
}
