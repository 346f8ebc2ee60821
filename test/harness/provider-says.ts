import type { ActorRef } from '../../values/ids.ts'
import { catalogOfApi, type TestApi } from './api.ts'

// What a provider says, in as few fields as the routes need.

/** An account of this id, known to the provider. */
export async function haveAccount(api: TestApi, id = 'acct_own'): Promise<ActorRef<'account'>> {
  const event = { type: 'account.create', email: 'ada@example.com', name: 'Ada', currency: 'usd' }
  await api.tell(`account/${id}`, { ...event, provider: 'stripe' })
  return `account/${id}`
}

/** A subscription that the provider says is active. */
export async function haveActive(api: TestApi, id = 'sub_one', account = 'acct_own') {
  await haveAccount(api, account)
  await api.tell(`subscription/${id}`, subscriptionSays(account, 'active'))
}

/** What the provider says of a subscription of `pro_monthly`. */
export function subscriptionSays(account: string, status: string) {
  const { plans } = catalogOfApi
  const sold = plans[0]
  return {
    type: 'subscription.observed',
    provider: 'stripe',
    read: null,
    account: `account/${account}`,
    terms: {
      plan: 'pro_monthly',
      product: 'pro',
      name: 'pro_monthly',
      amountMinor: sold?.price.amountMinor ?? 0,
      currency: 'usd',
      interval: 'month',
      intervalCount: 1,
      trialDays: 0,
      features: { api: true as const },
    },
    facts: {
      subscription: 'sub_at_provider',
      status,
      price: 'price_1',
      quantity: 1,
      period: { start: '2027-01-01T00:00:00.000Z', end: '2027-02-01T00:00:00.000Z' },
      cancelAt: null,
      canceledAt: null,
      endedAt: null,
      trialEnd: null,
      latestInvoice: 'in_one',
    },
  }
}

/** What the provider says of an invoice over 29 dollars. */
export function invoiceSays(account: string, status: string) {
  const remaining = status === 'paid' ? 0 : 2900
  return {
    type: 'invoice.observed',
    provider: 'stripe',
    read: null,
    account: `account/${account}`,
    subscription: 'subscription/sub_one',
    facts: {
      invoice: 'in_at_provider',
      status,
      deleted: false,
      number: 'A-1',
      currency: 'usd',
      totalMinor: 2900,
      amountDueMinor: 2900,
      amountPaidMinor: 2900 - remaining,
      amountRemainingMinor: remaining,
      billingReason: 'subscription_cycle',
      collection: 'charge_automatically',
      attempted: false,
      attemptCount: 0,
      nextPaymentAttemptAt: null,
      finalizedAt: '2027-01-01T00:00:00.000Z',
      dueAt: null,
      createdAt: '2027-01-01T00:00:00.000Z',
      period: { start: '2027-01-01T00:00:00.000Z', end: '2027-02-01T00:00:00.000Z' },
      lines: [{ description: 'Pro', amountMinor: 2900, quantity: 1, period: null }],
      hostedUrl: null,
    },
    payment: null,
  }
}
