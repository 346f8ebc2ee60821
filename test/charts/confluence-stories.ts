import { InvoiceFacts } from '../../machines/invoice/facts.ts'
import type { ChartName, StoryEvent, SampleEvent } from './explore.ts'
import {
  chargeCaptured,
  chargeObserved,
  customerObserved,
  disputeObserved,
  dunningChanged,
  intentObserved,
  invoiceChanged,
  invoiceObserved,
  methodObserved,
  refundObserved,
  second,
  subscriptionChanged,
  subscriptionObserved,
  yearly,
} from './samples.ts'

export interface Tale {
  readonly chart: ChartName
  readonly tells: string
  /** Its last event is one that we do not understand, and so not what is known at the end. */
  readonly unknown?: true
  readonly happened: readonly StoryEvent[]
  readonly shown?: (event: SampleEvent) => SampleEvent
}

/** Something that happened to an object of the provider, in the second `at`. */
function seen(at: number, object: string, event: SampleEvent): StoryEvent {
  return { event, at: second(at), object }
}

/** What another actor said, at its own entry of that number. */
function said(event: SampleEvent & { version: number }): StoryEvent {
  return { event, at: second(100 + event.version), object: null }
}

const sub = (at: number, event: SampleEvent) => seen(at, 'subscription:sub_1', event)
const inv = (at: number, event: SampleEvent) => seen(at, 'invoice:in_1', event)

const subscriptions: Tale[] = [
  {
    chart: 'subscription',
    tells: 'a first payment, a failed renewal and an end, each in its own second',
    happened: [
      sub(1, subscriptionObserved({ status: 'incomplete' })),
      sub(2, subscriptionObserved({ status: 'active' })),
      sub(3, subscriptionObserved({ status: 'past_due' })),
      sub(4, subscriptionObserved({ status: 'unpaid' })),
      sub(5, subscriptionObserved({ status: 'canceled', endedAt: second(5) })),
    ],
  },
  {
    chart: 'subscription',
    tells: 'a first payment within one second, and two changes in another',
    happened: [
      sub(1, subscriptionObserved({ status: 'incomplete' })),
      sub(1, subscriptionObserved({ status: 'active' })),
      sub(2, subscriptionObserved({ status: 'active', quantity: 2 })),
      sub(2, subscriptionObserved({ status: 'active', quantity: 1 })),
      sub(3, subscriptionObserved({ status: 'past_due' })),
    ],
  },
  {
    chart: 'subscription',
    tells: 'five changes in one second, which end where they began',
    happened: [
      sub(1, subscriptionObserved({ status: 'trialing' })),
      sub(1, subscriptionObserved({ status: 'active' })),
      sub(1, subscriptionObserved({ status: 'past_due' })),
      sub(1, subscriptionObserved({ status: 'active', quantity: 3 })),
      sub(1, subscriptionObserved({ status: 'trialing', quantity: 3 })),
    ],
  },
  {
    chart: 'subscription',
    tells: 'an end that is scheduled, taken back, and scheduled again',
    happened: [
      sub(1, subscriptionObserved({ cancelAt: second(90), canceledAt: second(1) })),
      sub(2, subscriptionObserved({ cancelAt: null })),
      sub(2, subscriptionObserved({ cancelAt: second(90), canceledAt: second(2) })),
      sub(90, subscriptionObserved({ status: 'canceled', cancelAt: second(90) })),
    ],
  },
  {
    chart: 'subscription',
    tells: 'a change of plan, to one that the catalog does not know, and back to none of ours',
    happened: [
      sub(1, subscriptionObserved({ price: 'price_1' })),
      sub(2, subscriptionObserved({ price: 'price_2' }, yearly)),
      sub(3, subscriptionObserved({ price: 'price_3' }, null)),
      sub(4, subscriptionObserved({ price: 'price_3', quantity: 2 }, null)),
    ],
  },
  {
    chart: 'subscription',
    tells: 'a status that no chart knows, after one that is known',
    unknown: true,
    happened: [
      sub(1, subscriptionObserved({ status: 'active' })),
      sub(2, subscriptionObserved({ status: 'hibernating' })),
    ],
  },
  {
    chart: 'subscription',
    tells: 'a version of the provider that does not say the period',
    happened: [
      sub(1, subscriptionObserved({})),
      sub(2, subscriptionObserved({ period: null, quantity: 2 })),
    ],
  },
  {
    chart: 'subscription',
    tells: 'a mention, a hint and the thing itself',
    happened: [
      sub(1, subscriptionObserved({ status: 'incomplete' })),
      {
        event: {
          type: 'subscription.referenced',
          provider: 'stripe',
          subscription: 'sub_1',
          account: 'account/acct_1',
        },
        at: second(1),
        object: null,
      },
      {
        event: { type: 'subscription.hinted', provider: 'stripe', subscription: 'sub_1' },
        at: second(2),
        object: null,
      },
      sub(2, subscriptionObserved({ status: 'active' })),
    ],
  },
]

/** Only a read with its payments expanded says why an attempt failed. */
function withPayment(event: SampleEvent): SampleEvent {
  const shown = InvoiceFacts.parse(event['facts'])
  if (shown.attemptCount === 0) return event
  const declined = { status: 'requires_payment_method', declineCode: 'insufficient_funds' }
  const settled = { status: 'succeeded', declineCode: null }
  const state = shown.status === 'paid' ? settled : declined
  return { ...event, payment: { paymentIntent: 'pi_1', ...state } }
}

const failed = { attempted: true, attemptCount: 1, nextPaymentAttemptAt: second(900) }
const failedAgain = { attempted: true, attemptCount: 2, nextPaymentAttemptAt: null }

const invoices: Tale[] = [
  {
    chart: 'invoice',
    tells: 'a draft, its finalisation, two failures and the payment',
    shown: withPayment,
    happened: [
      inv(1, invoiceObserved({ status: 'draft' })),
      inv(2, invoiceObserved({})),
      inv(3, invoiceObserved(failed)),
      inv(4, invoiceObserved(failedAgain)),
      inv(5, invoiceObserved({ status: 'paid', ...failedAgain })),
    ],
  },
  {
    chart: 'invoice',
    tells: 'a finalisation and a failure in one second, and a payment told twice over',
    shown: withPayment,
    happened: [
      inv(2, invoiceObserved({})),
      inv(2, invoiceObserved(failed)),
      inv(5, invoiceObserved({ status: 'paid', ...failed })),
      inv(6, invoiceObserved({ status: 'paid', ...failed, number: 'T-1' })),
    ],
  },
  {
    chart: 'invoice',
    tells: 'two failures in one second, and a later word that says the same',
    shown: withPayment,
    happened: [
      inv(2, invoiceObserved({})),
      inv(3, invoiceObserved(failed)),
      inv(3, invoiceObserved({ ...failed, nextPaymentAttemptAt: second(700) })),
      inv(4, invoiceObserved({ ...failed, nextPaymentAttemptAt: second(800) })),
    ],
  },
  {
    chart: 'invoice',
    tells: 'a debt that was written off, and then paid',
    shown: withPayment,
    happened: [
      inv(2, invoiceObserved(failed)),
      inv(3, invoiceObserved({ ...failed, status: 'uncollectible' })),
      inv(3, invoiceObserved({ ...failed, status: 'paid' })),
    ],
  },
  {
    chart: 'invoice',
    tells: 'a voided invoice, and one more word on it',
    shown: withPayment,
    happened: [
      inv(1, invoiceObserved({ status: 'draft' })),
      inv(2, invoiceObserved(failed)),
      inv(3, invoiceObserved({ ...failed, status: 'void' })),
      inv(4, invoiceObserved({ ...failed, status: 'void', number: 'T-1' })),
    ],
  },
  {
    chart: 'invoice',
    tells: 'a draft that was removed',
    happened: [
      inv(1, invoiceObserved({ status: 'draft' })),
      inv(2, invoiceObserved({ status: 'draft', totalMinor: 1 })),
      inv(2, invoiceObserved({ status: 'draft', deleted: true })),
    ],
  },
  {
    chart: 'invoice',
    tells: 'a status that no chart knows',
    unknown: true,
    happened: [
      inv(1, invoiceObserved({})),
      inv(2, invoiceObserved({ hostedUrl: 'https://example.com' })),
      inv(3, invoiceObserved({ status: 'frozen' })),
    ],
  },
]

const pi = (at: number, event: SampleEvent) => seen(at, 'payment_intent:pi_1', event)
const ch = (at: number, event: SampleEvent) => seen(at, 'charge:ch_1', event)
const re = (at: number, event: SampleEvent) => seen(at, 'refund:re_1', event)
const dp = (at: number, event: SampleEvent) => seen(at, 'dispute:dp_1', event)

const payments: Tale[] = [
  {
    chart: 'payment',
    tells: 'a payment that asks for authentication, is declined, and succeeds',
    happened: [
      pi(1, intentObserved({})),
      pi(1, intentObserved({ status: 'requires_action', nextActionUrl: 'https://3ds.test' })),
      pi(2, intentObserved({ declineCode: 'card_declined' })),
      pi(2, intentObserved({ status: 'processing' })),
      pi(2, intentObserved({ status: 'succeeded' })),
    ],
  },
  {
    chart: 'payment',
    tells: 'a charge that tells of its intent, which tells it too, in the same second and after',
    happened: [
      pi(1, intentObserved({ status: 'requires_action', nextActionUrl: 'https://3ds.test' })),
      ch(2, chargeCaptured()),
      pi(2, intentObserved({ status: 'succeeded' })),
      pi(3, intentObserved({ status: 'succeeded' })),
      ch(4, chargeCaptured({ amountRefundedMinor: 900 })),
    ],
  },
  {
    chart: 'payment',
    tells: 'an attempt that only the intent names, after its charge has told the rest',
    happened: [ch(2, chargeCaptured()), pi(2, intentObserved({ status: 'succeeded' }))],
  },
  {
    chart: 'payment',
    tells: 'a charge and its intent that differ on it in one second, where a read decides',
    happened: [
      ch(2, chargeCaptured()),
      pi(2, intentObserved({ status: 'succeeded', paymentMethod: 'pm_1' })),
    ],
  },
  {
    chart: 'payment',
    tells: 'a declined charge, a captured one, and an intent that is heard of last',
    happened: [
      pi(1, intentObserved({})),
      ch(1, chargeObserved({ status: 'failed', declineCode: 'lost_card' })),
      seen(2, 'charge:ch_2', chargeObserved({ charge: 'ch_2', status: 'pending' })),
      seen(2, 'charge:ch_2', chargeObserved({ charge: 'ch_2' })),
    ],
  },
  {
    chart: 'payment',
    tells: 'charges of an intent that is never heard of',
    happened: [
      ch(1, chargeObserved({ status: 'failed', declineCode: 'lost_card' })),
      seen(2, 'charge:ch_2', chargeObserved({ charge: 'ch_2', status: 'pending' })),
      seen(3, 'charge:ch_3', chargeObserved({ charge: 'ch_3', captured: false })),
    ],
  },
  {
    chart: 'payment',
    tells: 'a refund that succeeds and then fails, beside the charge that it belongs to',
    happened: [
      ch(1, chargeObserved({})),
      re(2, refundObserved({ status: 'pending' })),
      re(3, refundObserved({})),
      ch(3, chargeObserved({ amountRefundedMinor: 2900 })),
      re(4, refundObserved({ status: 'failed' })),
    ],
  },
  {
    chart: 'payment',
    tells: 'an inquiry that became a dispute and was lost, told in any order',
    happened: [
      ch(1, chargeObserved({})),
      dp(2, disputeObserved({ status: 'warning_needs_response' })),
      dp(3, disputeObserved({ status: 'needs_response' })),
      dp(3, disputeObserved({ status: 'under_review' })),
      dp(4, disputeObserved({ status: 'lost' })),
    ],
  },
  {
    chart: 'payment',
    tells: 'two disputes of one payment, one of them won',
    happened: [
      ch(1, chargeObserved({})),
      dp(2, disputeObserved({})),
      seen(2, 'dispute:dp_2', disputeObserved({ dispute: 'dp_2' })),
      dp(3, disputeObserved({ status: 'won' })),
      re(3, refundObserved({ amountMinor: 100 })),
    ],
  },
  {
    chart: 'payment',
    tells: 'a link to the invoice that comes at any time',
    happened: [
      pi(1, { ...intentObserved({}), invoice: null, account: null }),
      {
        event: { type: 'payment.linked', provider: 'stripe', invoice: 'invoice/in_1' },
        at: second(2),
        object: null,
      },
      pi(3, { ...intentObserved({ status: 'canceled' }), invoice: null }),
    ],
  },
  {
    chart: 'payment',
    tells: 'a status that no chart knows',
    unknown: true,
    happened: [
      pi(1, intentObserved({})),
      pi(2, intentObserved({ status: 'processing' })),
      pi(3, intentObserved({ status: 'pondering' })),
    ],
  },
]

const cus = (at: number, event: SampleEvent) => seen(at, 'customer:cus_1', event)
const pm = (at: number, event: SampleEvent) => seen(at, 'payment_method:pm_1', event)
const soon = { expMonth: 1, expYear: 2026 }

const accounts: Tale[] = [
  {
    chart: 'account',
    tells: 'a card that is attached and made the default, a new address, and a removal',
    happened: [
      cus(1, customerObserved({})),
      pm(1, methodObserved({})),
      cus(1, customerObserved({ defaultPaymentMethod: 'pm_1' })),
      cus(2, customerObserved({ email: 'new@example.com', defaultPaymentMethod: 'pm_1' })),
      cus(3, customerObserved({ deleted: true, email: null })),
    ],
  },
  {
    chart: 'account',
    tells: 'an address that is taken away',
    happened: [cus(1, customerObserved({})), cus(2, customerObserved({ email: null }))],
  },
  {
    chart: 'account',
    tells: 'two cards, of which one is replaced by the network and the other detached',
    happened: [
      cus(1, customerObserved({ defaultPaymentMethod: 'pm_1' })),
      pm(1, methodObserved(soon)),
      pm(2, methodObserved({ expYear: 2031 })),
      seen(2, 'payment_method:pm_2', methodObserved({ paymentMethod: 'pm_2', expYear: 2029 })),
      seen(3, 'payment_method:pm_2', methodObserved({ paymentMethod: 'pm_2', attached: false })),
    ],
  },
  {
    chart: 'account',
    tells: 'an account that pays late: every summary of its debt, and of what it bought',
    happened: [
      said(subscriptionChanged(1, { status: 'incomplete' })),
      said(subscriptionChanged(4)),
      said(invoiceChanged(2, { failing: true })),
      said(dunningChanged(3)),
      said(invoiceChanged(5, { status: 'paid', amountRemainingMinor: 0 })),
    ],
  },
  {
    chart: 'account',
    tells: 'a case that restricts, bans, and ends',
    happened: [
      said(subscriptionChanged(1)),
      said(dunningChanged(2, { restricted: true })),
      said(dunningChanged(3, { restricted: true, banned: true, stage: 'bad_debt' })),
      said(dunningChanged(4, { stage: 'recovered' })),
    ],
  },
  {
    chart: 'account',
    tells: 'two debts, of which one is given up and stays',
    happened: [
      said(subscriptionChanged(1)),
      said(dunningChanged(2)),
      said(dunningChanged(3, { invoice: 'invoice/in_2', stage: 'bad_debt', banned: true })),
      said(dunningChanged(4, { stage: 'recovered' })),
      said(invoiceChanged(5, { invoice: 'invoice/in_2', status: 'uncollectible' })),
    ],
  },
]

const policyGiven: StoryEvent = {
  event: {
    type: 'policy.given',
    policy: {
      id: 'standard',
      version: 1,
      steps: [
        { day: 0, do: 'email', template: 'payment_failed' },
        { day: 10, do: 'enforce', template: 'payment_method_required' },
        { day: 15, do: 'write_off' },
      ],
    },
  },
  at: second(150),
  object: 'policy',
  only: 'as an answer',
}

const cases: Tale[] = [
  {
    chart: 'dunning',
    tells: 'a debt that is paid',
    happened: [
      policyGiven,
      said(invoiceChanged(1, { failing: true })),
      said(invoiceChanged(2, { failing: true, amountRemainingMinor: 1900 })),
      said(invoiceChanged(3, { status: 'paid', amountRemainingMinor: 0 })),
      said(invoiceChanged(4, { status: 'paid', amountRemainingMinor: 0 })),
    ],
  },
  {
    chart: 'dunning',
    tells: 'a debt that the provider wrote off',
    happened: [
      policyGiven,
      said(invoiceChanged(1, { failing: true })),
      said(invoiceChanged(2, { failing: true, hardDecline: 'lost_card' })),
      said(invoiceChanged(3, { status: 'uncollectible', hardDecline: 'lost_card' })),
    ],
  },
  ...['void', 'deleted'].map((status): Tale => ({
    chart: 'dunning',
    tells: `an invoice that is ${status}`,
    happened: [
      policyGiven,
      said(invoiceChanged(1, { failing: true })),
      said(invoiceChanged(3, { status })),
    ],
  })),
]

export const tales: readonly Tale[] = [
  ...subscriptions,
  ...invoices,
  ...payments,
  ...accounts,
  ...cases,
]
