import type { z } from 'zod'
import type { StripeObject } from '../../kernel/objects.ts'
import type { SandboxState } from '../../kernel/state.ts'
import { notFound } from '../api/failure.ts'
import {
  Collection,
  Customer,
  Invoice,
  InvoicePayment,
  PaymentIntent,
  Price,
  Subscription,
} from './billing-records.ts'

/** One table, read and written as records of one kind. */
export interface Shelf<T extends StripeObject> {
  find(id: string): T | undefined
  /** Throws Stripe's answer for an unknown id; `param` names the field that held it, if one did. */
  need(id: string, param?: string): T
  put(record: T): void
  /** Those with this string at the dotted path, oldest first. */
  where(path: string, value: string): readonly T[]
}

export interface BillingStore {
  readonly subscriptions: Shelf<Subscription>
  readonly invoices: Shelf<Invoice>
  readonly invoicePayments: Shelf<InvoicePayment>
  readonly intents: Shelf<PaymentIntent>
  readonly prices: Shelf<Price>
  readonly customers: Shelf<Customer>
  readonly collections: Shelf<Collection>
}

export function createBillingStore(state: SandboxState): BillingStore {
  return {
    subscriptions: shelf(state, 'subscription', Subscription),
    invoices: shelf(state, 'invoice', Invoice),
    invoicePayments: shelf(state, 'invoice_payment', InvoicePayment),
    intents: shelf(state, 'payment_intent', PaymentIntent),
    prices: shelf(state, 'price', Price),
    customers: shelf(state, 'customer', Customer),
    collections: shelf(state, 'invoice_collection', Collection),
  }
}

function shelf<T extends StripeObject>(
  state: SandboxState,
  kind: string,
  schema: z.ZodType<T>,
): Shelf<T> {
  const table = state.table(kind)
  // What a table gives out is frozen, so that an object needs to be read but once.
  const known = new WeakMap<StripeObject, T>()
  const read = (found: StripeObject): T => {
    const record = known.get(found) ?? schema.parse(found)
    known.set(found, record)
    return record
  }
  const find = (id: string): T | undefined => {
    const found = table.get(id)
    return found === undefined ? undefined : read(found)
  }
  return {
    find,
    need(id, param) {
      const found = find(id)
      if (found === undefined) throw notFound(kind, id, param)
      return found
    },
    put(record) {
      known.set(record, record)
      table.put(record)
    },
    where: (path, value) => table.where(path, value).map(read),
  }
}
