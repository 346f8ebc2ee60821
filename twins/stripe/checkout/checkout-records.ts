import { z } from 'zod'
import type { SandboxState } from '../../kernel/state.ts'
import { notFound } from '../api/failure.ts'
import { rest } from '../billing/billing-records.ts'
import { LineItems, SubscriptionData } from './checkout-params.ts'

const base = { id: z.string(), created: z.number(), livemode: z.literal(false) }

export const Session = z
  .object({
    ...base,
    object: z.literal('checkout.session'),
    amount_total: z.number().nullable(),
    cancel_url: z.string().nullable(),
    currency: z.string().nullable(),
    customer: z.string().nullable(),
    customer_email: z.string().nullable(),
    expires_at: z.number(),
    invoice: z.string().nullable(),
    mode: z.enum(['payment', 'setup', 'subscription']),
    payment_intent: z.string().nullable(),
    payment_status: z.enum(['no_payment_required', 'paid', 'unpaid']),
    setup_intent: z.string().nullable(),
    status: z.enum(['open', 'complete', 'expired']),
    subscription: z.string().nullable(),
    success_url: z.string(),
    url: z.string().nullable(),
  })
  .catchall(rest)
export type Session = z.infer<typeof Session>

/** What a session remembers between its creation and the customer's payment, and does not show. */
export const Basket = z.object({
  ...base,
  object: z.literal('checkout_basket'),
  session: z.string(),
  line_items: LineItems.or(z.array(z.never())),
  subscription_data: SubscriptionData,
  metadata: z.record(z.string(), z.string()),
  /** What the customer's first try has made; a second try goes on with it. */
  subscription: z.string().nullable(),
  intent: z.string().nullable(),
})
export type Basket = z.infer<typeof Basket>

export interface CheckoutStore {
  find(id: string): Session | undefined
  need(id: string): Session
  put(session: Session): void
  basketOf(session: string): Basket
  putBasket(basket: Basket): void
  /** The session whose payment this intent makes. */
  sessionOfIntent(intent: string): Session | undefined
}

export function basketId(session: string): string {
  return `${session}/basket`
}

export function createCheckoutStore(state: SandboxState): CheckoutStore {
  const sessions = state.table('checkout.session')
  const baskets = state.table('checkout_basket')
  const find = (id: string): Session | undefined => {
    const found = sessions.get(id)
    return found === undefined ? undefined : Session.parse(found)
  }
  return {
    find,
    need(id) {
      const found = find(id)
      if (found === undefined) throw notFound('checkout.session', id)
      return found
    },
    put: (session) => sessions.put(session),
    basketOf: (session) => Basket.parse(baskets.get(basketId(session))),
    putBasket: (basket) => baskets.put({ ...basket, subscription_data: plain(basket) }),
    sessionOfIntent(intent) {
      const [basket] = baskets.where('intent', intent)
      return basket === undefined ? undefined : find(Basket.parse(basket).session)
    },
  }
}

/** JSON has no undefined. */
function plain(basket: Basket) {
  const entries = Object.entries(basket.subscription_data)
  return Object.fromEntries(entries.flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])))
}
