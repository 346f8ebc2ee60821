import type { JsonObject } from '../../values/json.ts'
import type { ChartName, SampleEvent } from './explore.ts'
import {
  account,
  chargeCaptured,
  chargeObserved,
  customerObserved,
  disputeObserved,
  dunningChanged,
  intentObserved,
  invoice,
  invoiceChanged,
  invoiceObserved,
  methodObserved,
  paymentChanged,
  refundObserved,
  second,
  subscription,
  subscriptionChanged,
  subscriptionObserved,
  day,
  terms,
} from './samples.ts'

// Every event type of every chart, with the payloads that make a difference. A summary's version is
// given when it is told.

/**
 * By a short name, which is a row of the tables: the event's type, and what is special about it.
 */
export type SampleEvents = Readonly<Record<string, SampleEvent>>

const missing: SampleEvents = {
  'object.missing': { type: 'object.missing', object: 'x', id: 'x_1' },
}
const rejected = (effect: string): SampleEvent => ({
  type: 'effect.rejected',
  effect,
  code: 'card_declined',
  message: 'Your card was declined.',
})
const parked = (effect: string): SampleEvent => ({
  type: 'effect.parked',
  effect,
  id: `${account}#1.1`,
  error: 'Error: a bug',
})
const notWanted = (effect: string, what: JsonObject = {}): SampleEvent => ({
  type: 'effect.not_wanted',
  effect,
  id: `${account}#1.1`,
  asked: what,
})
const asked: SampleEvents = {
  'summary.asked': { type: 'summary.asked', version: 1, asker: account },
}
const refresh: SampleEvents = { refresh: { type: 'refresh' } }

const accountEvents: SampleEvents = {
  'account.create': {
    type: 'account.create',
    email: 'ada@example.com',
    name: null,
    currency: 'usd',
    provider: 'stripe',
  },
  'account.close': { type: 'account.close' },
  'account.ban fraud': { type: 'account.ban', reason: 'fraud' },
  'account.ban, by a name that every object has': { type: 'account.ban', reason: 'constructor' },
  'account.unban fraud': { type: 'account.unban', reason: 'fraud' },
  'payment_method.add': { type: 'payment_method.add', provider: 'stripe', token: 'pm_card_visa' },
  'customer.observed': customerObserved(),
  'customer.hinted': { type: 'customer.hinted', provider: 'stripe', customer: 'cus_1' },
  'wallet.observed': { type: 'wallet.observed', provider: 'stripe', paymentMethods: ['pm_1'] },
  'wallet.observed without the card': {
    type: 'wallet.observed',
    provider: 'stripe',
    paymentMethods: [],
  },
  'customer.observed deleted': customerObserved({ deleted: true, email: null }),
  'payment_method.observed': methodObserved({ createdAt: day(400) }),
  'payment_method.observed expiring': methodObserved({ expMonth: 1, expYear: 2026 }),
  'payment_method.observed detached': methodObserved({ attached: false }),
  'subscription.changed active': subscriptionChanged(1),
  'subscription.changed canceled': subscriptionChanged(1, { status: 'canceled' }),
  'invoice.changed failing': invoiceChanged(1, { failing: true }),
  'invoice.changed paid': invoiceChanged(1, { status: 'paid' }),
  'dunning.changed collecting': dunningChanged(1),
  'dunning.changed demands': dunningChanged(1, { enforcedAt: day(300) }),
  'dunning.changed bad_debt': dunningChanged(1, { stage: 'bad_debt' }),
  'dunning.changed banned': dunningChanged(1, { stage: 'bad_debt', banned: true }),
  'dunning.changed recovered': dunningChanged(1, { stage: 'recovered' }),
  ...missing,
  'effect.rejected': rejected('customer.create'),
  'effect.parked': parked('customer.create'),
  ...refresh,
}

const statuses = [
  'incomplete',
  'trialing',
  'active',
  'past_due',
  'unpaid',
  'paused',
  'canceled',
  'incomplete_expired',
]

const create = { type: 'subscription.create', account, quantity: 1, provider: 'stripe' }

const subscriptionEvents: SampleEvents = {
  'subscription.create by provider': { ...create, terms, collector: 'provider' },
  'subscription.create by platform': { ...create, terms, collector: 'platform' },
  'subscription.create by platform, trial': {
    ...create,
    terms: { ...terms, trialDays: 14 },
    collector: 'platform',
  },
  'subscription.cancel now': { type: 'subscription.cancel', when: 'now' },
  'subscription.cancel period_end': { type: 'subscription.cancel', when: 'period_end' },
  'subscription.resume': { type: 'subscription.resume' },
  'subscription.accepted': {
    type: 'subscription.accepted',
    subscription: 'sub_1',
    invoice: 'in_1',
    paymentIntent: 'pi_1',
    clientSecret: 'secret',
    paymentMethod: null,
  },
  'payment.prepared': {
    type: 'payment.prepared',
    status: 'requires_action',
    nextActionUrl: 'https://3ds.test',
    declineCode: null,
  },
  ...Object.fromEntries(
    statuses.map((status) => [`subscription.observed ${status}`, subscriptionObserved({ status })]),
  ),
  'subscription.observed active, end scheduled': subscriptionObserved({ cancelAt: day(31) }),
  'subscription.observed active, end scheduled, by a read': {
    ...subscriptionObserved({ cancelAt: day(31) }),
    read: 1_000_000,
  },
  'subscription.observed canceled as scheduled': subscriptionObserved({
    status: 'canceled',
    cancelAt: day(31),
  }),
  'subscription.observed unheard-of': subscriptionObserved({ status: 'hibernating' }),
  'subscription.referenced': {
    type: 'subscription.referenced',
    provider: 'stripe',
    subscription: 'sub_1',
    account,
  },
  'subscription.hinted': { type: 'subscription.hinted', provider: 'stripe', subscription: 'sub_1' },
  'payment_method.available': {
    type: 'payment_method.available',
    version: 1,
    paymentMethod: 'pm_2',
  },
  'invoice.changed open': invoiceChanged(1, { collector: 'platform', periodIndex: 0 }),
  'invoice.changed failing': invoiceChanged(1, { failing: true, collector: 'platform' }),
  'invoice.changed uncollectible': invoiceChanged(1, {
    status: 'uncollectible',
    collector: 'platform',
  }),
  'invoice.changed void': invoiceChanged(1, { status: 'void', collector: 'platform' }),
  'invoice.changed paid': invoiceChanged(1, { status: 'paid', collector: 'platform' }),
  ...missing,
  ...asked,
  'effect.rejected create': rejected('provider.create_subscription'),
  'effect.rejected confirm': rejected('payment_intent.confirm'),
  'effect.rejected update': rejected('provider.update_subscription'),
  'effect.rejected cancel': rejected('provider.cancel_subscription'),
  'effect.parked': parked('provider.create_subscription'),
  'effect.not_wanted create': notWanted('provider.create_subscription'),
  ...refresh,
}

const failed = { attempted: true, attemptCount: 1 }
const retried = { ...failed, nextPaymentAttemptAt: day(3) }
const issued = {
  type: 'invoice.issued',
  version: 1,
  account,
  subscription,
  provider: 'stripe',
  currency: 'usd',
  lines: [{ description: 'Pro', amountMinor: 2900, quantity: 1, period: null }],
  period: { start: day(0), end: day(31) },
  periodIndex: 1,
}
const submitted = {
  type: 'charge.submitted',
  attempt: 1,
  paymentIntent: 'pi_1',
  clientSecret: 'secret',
  nextActionUrl: null,
  paymentMethod: 'pm_1',
}

const invoiceEvents: SampleEvents = {
  'invoice.issued': { ...issued, onSession: false },
  'invoice.issued on session': { ...issued, onSession: true, periodIndex: 0 },
  'invoice.issued of nothing': {
    ...issued,
    onSession: false,
    lines: [{ description: 'Free', amountMinor: 0, quantity: 1, period: null }],
  },
  'invoice.pay': { type: 'invoice.pay', paymentMethod: null },
  'invoice.void': { type: 'invoice.void' },
  'payment_method.available': {
    type: 'payment_method.available',
    version: 1,
    paymentMethod: 'pm_2',
  },
  'charge.due': { type: 'charge.due', version: 1, step: 1 },
  'invoice.written_off': { type: 'invoice.written_off', version: 1 },
  'charge.submitted': { ...submitted, status: 'processing' },
  'charge.submitted for action': { ...submitted, status: 'requires_action' },
  'invoice.observed draft': invoiceObserved({ status: 'draft' }),
  'invoice.observed open': invoiceObserved({}),
  'invoice.observed open, failed': invoiceObserved(failed),
  'invoice.observed open, retry to come': invoiceObserved(retried),
  'invoice.observed open, must authenticate': invoiceObserved(failed, {
    paymentIntent: 'pi_1',
    status: 'requires_action',
    declineCode: null,
  }),
  'invoice.observed open, hard decline': invoiceObserved(retried, {
    paymentIntent: 'pi_1',
    status: 'requires_payment_method',
    declineCode: 'lost_card',
  }),
  'invoice.observed paid': invoiceObserved({ status: 'paid' }),
  'invoice.observed void': invoiceObserved({ status: 'void' }),
  'invoice.observed uncollectible': invoiceObserved({ status: 'uncollectible' }),
  'invoice.observed deleted': invoiceObserved({ status: 'draft', deleted: true }),
  'invoice.observed unheard-of': invoiceObserved({ status: 'frozen' }),
  'invoice.hinted': { type: 'invoice.hinted', provider: 'stripe', invoice: 'in_1' },
  'payment.changed processing': paymentChanged(1),
  'payment.changed requires_action': paymentChanged(1, { status: 'requires_action' }),
  'payment.changed declined': paymentChanged(1, {
    status: 'requires_payment_method',
    declineCode: 'insufficient_funds',
  }),
  'payment.changed canceled': paymentChanged(1, { status: 'canceled' }),
  'payment.changed succeeded': paymentChanged(1, { status: 'succeeded' }),
  'payment.changed refunded': paymentChanged(1, { status: 'succeeded', amountRefundedMinor: 2900 }),
  ...missing,
  ...asked,
  'effect.rejected charge': rejected('payment.charge'),
  'effect.rejected cancel': rejected('payment_intent.cancel'),
  'effect.rejected refund': rejected('payment.refund'),
  'effect.rejected pay': rejected('provider.pay_invoice'),
  'effect.parked': parked('payment.charge'),
  'effect.not_wanted charge': notWanted('payment.charge', { attempt: 1 }),
  ...refresh,
}

const intentStatuses = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
  'processing',
  'requires_capture',
  'canceled',
  'succeeded',
]

const paymentEvents: SampleEvents = {
  ...Object.fromEntries(
    intentStatuses.map((status) => [
      `payment_intent.observed ${status}`,
      intentObserved({ status }),
    ]),
  ),
  'payment_intent.observed unheard-of': intentObserved({ status: 'pondering' }),
  'charge.observed pending': chargeObserved({ status: 'pending' }),
  'charge.observed failed': chargeObserved({ status: 'failed', charge: 'ch_0' }),
  'charge.observed captured': chargeCaptured(),
  'charge.observed partly refunded': chargeObserved({ amountRefundedMinor: 900 }),
  'refund.observed pending': refundObserved({ status: 'pending' }),
  'refund.observed succeeded': refundObserved(),
  'refund.observed failed': refundObserved({ status: 'failed' }),
  'dispute.observed inquiry': disputeObserved({ status: 'warning_needs_response' }),
  'dispute.observed needs_response': disputeObserved(),
  'dispute.observed won': disputeObserved({ status: 'won' }),
  'dispute.observed lost': disputeObserved({ status: 'lost' }),
  'payment.hinted': { type: 'payment.hinted', version: 1, provider: 'stripe' },
  'payment.linked': { type: 'payment.linked', provider: 'stripe', invoice },
  ...missing,
  'effect.rejected': rejected('object.read'),
  'effect.parked': parked('object.read'),
  ...refresh,
}

const dunningEvents: SampleEvents = {
  'invoice.changed failing': invoiceChanged(1, { failing: true }),
  'invoice.changed failing, of platform': invoiceChanged(1, {
    failing: true,
    collector: 'platform',
  }),
  'invoice.changed hard decline': invoiceChanged(1, { failing: true, hardDecline: 'lost_card' }),
  'invoice.changed uncollectible': invoiceChanged(1, { status: 'uncollectible' }),
  'invoice.changed paid': invoiceChanged(1, { status: 'paid' }),
  'invoice.changed void': invoiceChanged(1, { status: 'void' }),
  'invoice.changed deleted': invoiceChanged(1, { status: 'deleted' }),
  'payment_method.available': {
    type: 'payment_method.available',
    version: 1,
    paymentMethod: 'pm_2',
  },
  'policy.given': {
    type: 'policy.given',
    policy: {
      id: 'standard',
      version: 1,
      steps: [
        { day: 0, do: 'email', template: 'payment_failed' },
        { day: 2, do: 'retry' },
        { day: 3, do: 'restrict' },
        { day: 10, do: 'enforce', template: 'payment_method_required' },
        { day: 15, do: 'write_off' },
        { day: 20, do: 'ban' },
      ],
    },
  },
  ...asked,
  'effect.rejected': rejected('policy.read'),
  'effect.parked': parked('policy.read'),
}

const received = {
  type: 'event.received',
  provider: 'stripe',
  eventId: 'evt_1',
  eventType: 'invoice.paid',
  apiVersion: null,
  body: '{}',
}

const eventEvents: SampleEvents = {
  'event.received': { ...received, quarantine: null },
  'event.received foreign': { ...received, quarantine: 'another account' },
}

const part = { sweep: 1, from: null, objects: 10, driftCount: 0, drift: [] }

const reconciliationEvents: SampleEvents = {
  'cursor.moved': { type: 'cursor.moved', cursor: 'evt_1' },
  'gap.found': { type: 'gap.found', lostSince: second(0) },
  'sweep.advanced': { type: 'sweep.advanced', ...part, position: 'customers' },
  'sweep.advanced of another sweep': {
    type: 'sweep.advanced',
    ...part,
    position: 'customers',
    sweep: 99,
  },
  'sweep.finished': { type: 'sweep.finished', ...part },
  ...refresh,
}

export const events: Readonly<Record<ChartName, SampleEvents>> = {
  account: accountEvents,
  subscription: subscriptionEvents,
  invoice: invoiceEvents,
  payment: paymentEvents,
  dunning: dunningEvents,
  event: eventEvents,
  reconciliation: reconciliationEvents,
}
