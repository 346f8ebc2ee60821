import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTelling, resolved } from '../../test/harness/stripe-messages.ts'
import { catalog } from '../../test/harness/stripe-performer.ts'
import { normalise } from './normalise.ts'

const created = 1_801_396_800
const at = '2027-01-31T12:00:00.000Z'
const period = { start: at, end: '2027-02-28T12:00:00.000Z' }
const [from, until] = [created, created + 28 * 86_400]

function event(object: Record<string, unknown>, type = `${String(object['object'])}.updated`) {
  return { id: 'evt_1', object: 'event', created, livemode: false, type, data: { object } }
}

function messagesOf(json: unknown) {
  const reading = normalise(json, { catalog })
  if (reading.outcome !== 'applied') throw new Error(JSON.stringify(reading))
  const messages = reading.messages.map(resolved)
  expect(messages.every(isTelling)).toBe(true)
  return messages
}

const customer = { id: 'cus_1', object: 'customer' }
const ours = { tenure_account: 'acct_1', tenure_subscription: 'sub_ours' }

const subscription = {
  object: 'subscription',
  id: 'sub_1',
  status: 'active',
  cancel_at: null,
  cancel_at_period_end: true,
  canceled_at: created,
  ended_at: null,
  trial_end: null,
  metadata: ours,
}
const price = { id: 'price_1', lookup_key: 'pro_monthly' }

const invoice = {
  object: 'invoice',
  id: 'in_1',
  status: 'open',
  number: 'A-1',
  currency: 'usd',
  total: 2900,
  amount_due: 2900,
  amount_paid: 0,
  amount_remaining: 2900,
  billing_reason: 'subscription_cycle',
  collection_method: 'charge_automatically',
  attempted: true,
  attempt_count: 1,
  next_payment_attempt: until,
  status_transitions: { finalized_at: created },
  due_date: null,
  created,
  // Looks back one period, and must not be taken for what is sold.
  period_start: from - 86_400,
  period_end: from,
  customer: 'cus_1',
  hosted_invoice_url: 'https://invoice.example/1',
}
const line = { description: 'Pro', amount: 2900, quantity: 1, period: { start: from, end: until } }

const intent = {
  object: 'payment_intent',
  id: 'pi_1',
  status: 'requires_payment_method',
  amount: 2900,
  amount_received: 0,
  currency: 'usd',
  payment_method: null,
  last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds' },
  metadata: { tenure_account: 'acct_1', tenure_invoice: 'in_1', tenure_attempt: '2' },
}

const charge = {
  object: 'charge',
  id: 'ch_1',
  status: 'failed',
  captured: false,
  amount: 2900,
  amount_captured: 0,
  amount_refunded: 0,
  currency: 'usd',
  payment_intent: 'pi_1',
  failure_code: 'card_declined',
  outcome: { reason: 'insufficient_funds' },
  metadata: { tenure_account: 'acct_1', tenure_invoice: 'in_1' },
}

describe('race 12: one object says the same in every version', () => {
  test.each([
    [
      'a subscription: its period and its invoice',
      {
        ...subscription,
        customer: 'cus_1',
        latest_invoice: 'in_1',
        items: {
          data: [{ quantity: 2, price, current_period_start: from, current_period_end: until }],
        },
      },
      {
        ...subscription,
        customer,
        latest_invoice: { id: 'in_1', object: 'invoice' },
        current_period_start: from,
        current_period_end: until,
        quantity: 2,
        items: { data: [{ price }] },
      },
    ],
    [
      'an invoice: its subscription, and what its lines bill',
      {
        ...invoice,
        parent: { subscription_details: { subscription: 'sub_1', metadata: ours } },
        lines: { data: [{ ...line, parent: { type: 'subscription_item_details' } }] },
        payments: { data: [{ payment: { payment_intent: 'pi_1' } }] },
      },
      {
        ...invoice,
        customer,
        subscription: { id: 'sub_1', object: 'subscription' },
        subscription_details: { metadata: ours },
        lines: { data: [{ ...line, type: 'subscription', proration: false }] },
        payment_intent: 'pi_1',
        charge: null,
      },
    ],
    [
      'a payment intent: its customer',
      { ...intent, customer: 'cus_1' },
      { ...intent, customer, invoice: 'in_1', charges: { data: [] } },
    ],
    [
      'a charge: its invoice',
      { ...charge, customer: 'cus_1' },
      { ...charge, customer, invoice: 'in_1', payment_intent: { id: 'pi_1' } },
    ],
  ])('%s', (_what, endive, acacia) => {
    expect(messagesOf(event(acacia))).toStrictEqual(messagesOf(event(endive)))
  })
})

describe('a subscription', () => {
  test('says its terms, its period and its end', () => {
    const item = { quantity: 1, price, current_period_start: from, current_period_end: until }
    const [told] = messagesOf(
      event({ ...subscription, customer: 'cus_1', items: { data: [item] } }),
    )
    expect(told).toMatchObject({
      to: 'subscription/sub_ours',
      event: {
        type: 'subscription.observed',
        read: null,
        account: 'account/acct_1',
        terms: { plan: 'pro_monthly', amountMinor: 2900 },
        facts: { status: 'active', period, cancelAt: period.end, canceledAt: at },
      },
    })
  })

  test.each`
    fields                                                   | facts                                         | why
    ${{ status: 'resting' }}                                 | ${{ status: 'resting' }}                      | ${'race 16: a status that nobody knows is kept'}
    ${{ cancel_at: until + 60, cancel_at_period_end: true }} | ${{ cancelAt: '2027-02-28T12:01:00.000Z' }}   | ${'the date of its end before the end of the period'}
    ${{ cancel_at: null, cancel_at_period_end: false }}      | ${{ cancelAt: null }}                         | ${'no end'}
    ${{ items: { data: [] } }}                               | ${{ price: null, quantity: 1, period: null }} | ${'nothing of its items'}
  `('may say $why', ({ fields, facts }) => {
    const item = { price, current_period_start: from, current_period_end: until }
    const object = { ...subscription, customer: 'cus_1', items: { data: [item] }, ...fields }
    expect(messagesOf(event(object))).toMatchObject([{ event: { facts } }])
  })

  test('at a price that is not in the catalog has no terms', () => {
    const other = { ...price, lookup_key: 'other' }
    const object = { ...subscription, customer: 'cus_1', items: { data: [{ price: other }] } }
    expect(messagesOf(event(object))).toMatchObject([{ event: { terms: null } }])
  })
})

describe('an invoice', () => {
  const parent = { subscription_details: { subscription: 'sub_1', metadata: ours } }
  const lines = { data: [{ ...line, parent: { type: 'subscription_item_details' } }] }

  test('race 2: names the subscription that it bills', () => {
    expect(messagesOf(event({ ...invoice, parent, lines }))).toMatchObject([
      {
        to: 'invoice/in_1',
        event: {
          type: 'invoice.observed',
          account: 'account/acct_1',
          subscription: 'subscription/sub_ours',
          payment: null,
          facts: { deleted: false, period, nextPaymentAttemptAt: period.end },
        },
      },
      {
        to: 'subscription/sub_ours',
        event: {
          type: 'subscription.referenced',
          provider: 'stripe',
          subscription: 'sub_1',
          account: 'account/acct_1',
        },
      },
    ])
  })

  test('that is deleted says so', () => {
    expect(messagesOf(event({ ...invoice, status: 'draft' }, 'invoice.deleted'))).toMatchObject([
      { event: { facts: { deleted: true, status: 'draft' } } },
    ])
  })

  test('that is only a preview concerns nobody', () => {
    const { id: _id, ...preview } = invoice
    expect(normalise(event(preview, 'invoice.upcoming'), { catalog }).outcome).toBe('ignored')
  })

  test('says which payment pays it', () => {
    const object = { object: 'invoice_payment', id: 'inpay_1', invoice: 'in_1' }
    const payment = { type: 'payment_intent', payment_intent: 'pi_1' }
    expect(messagesOf(event({ ...object, payment }))).toStrictEqual([
      {
        to: 'payment/pi_1',
        event: { type: 'payment.linked', provider: 'stripe', invoice: 'invoice/in_1' },
      },
    ])
    expect(messagesOf(event({ ...object, payment: { type: 'charge' } }))).toStrictEqual([
      {
        to: 'invoice/in_1',
        event: { type: 'invoice.hinted', provider: 'stripe', invoice: 'in_1' },
      },
    ])
  })
})

describe('a payment', () => {
  test.each`
    fields                                                                                  | newsTo      | why
    ${{ status: 'requires_payment_method' }}                                                | ${'nobody'} | ${'made with its invoice'}
    ${{ status: 'requires_confirmation' }}                                                  | ${'nobody'} | ${'about to be tried'}
    ${{ status: 'requires_payment_method', latest_charge: 'ch_1' }}                         | ${'all'}    | ${'charged'}
    ${{ status: 'requires_payment_method', last_payment_error: { code: 'card_declined' } }} | ${'all'}    | ${'declined'}
    ${{ status: 'requires_confirmation', metadata: { tenure_attempt: '1' } }}               | ${'all'}    | ${'an attempt of ours'}
    ${{ status: 'requires_action' }}                                                        | ${'all'}    | ${'waiting for the customer'}
    ${{ status: 'canceled' }}                                                               | ${'all'}    | ${'canceled'}
    ${{ status: 'succeeded' }}                                                              | ${'all'}    | ${'paid'}
  `('that nobody has tried is news to nobody: $why', ({ fields, newsTo }) => {
    const untouched = { ...intent, latest_charge: null, last_payment_error: null, metadata: {} }
    const reading = normalise(event({ ...untouched, ...fields }), { catalog })
    expect(reading.outcome === 'applied' && reading.messages.map((one) => one.newsTo)).toEqual([
      newsTo,
    ])
  })

  test('says whose it is, which attempt, and why it failed', () => {
    expect(messagesOf(event({ ...intent, customer: 'cus_1' }))).toMatchObject([
      {
        to: 'payment/pi_1',
        event: {
          account: 'account/acct_1',
          invoice: 'invoice/in_1',
          attempt: 2,
          facts: { declineCode: 'insufficient_funds', nextActionUrl: null },
        },
      },
    ])
  })

  test('says where to authenticate only while that is wanted', () => {
    const next_action = { redirect_to_url: { url: 'https://bank.example' } }
    const url = (status: string) =>
      messagesOf(event({ ...intent, status, next_action, customer: null }))
    expect(url('requires_action')).toMatchObject([
      { event: { facts: { nextActionUrl: 'https://bank.example' } } },
    ])
    expect(url('succeeded')).toMatchObject([{ event: { facts: { nextActionUrl: null } } }])
  })

  const captured = {
    ...charge,
    status: 'succeeded',
    captured: true,
    amount_captured: 2900,
    payment_method: 'pm_1',
    failure_code: null,
    outcome: null,
  }
  const paid = { ...intent, status: 'succeeded', amount_received: 2900, payment_method: 'pm_1' }

  test('hears of a captured charge just what its PaymentIntent says when it has succeeded', () => {
    const facts = {
      paymentIntent: 'pi_1',
      status: 'succeeded',
      amountMinor: 2900,
      amountReceivedMinor: 2900,
      currency: 'usd',
      paymentMethod: 'pm_1',
      declineCode: null,
      nextActionUrl: null,
      cancellationReason: null,
    }
    const ofIntent = messagesOf(event({ ...paid, last_payment_error: null }))
    expect(ofIntent).toMatchObject([{ event: { facts } }])
    expect(messagesOf(event(captured))).toMatchObject([{ event: { intent: facts } }])
  })

  test.each`
    object                                                  | why
    ${charge}                                               | ${'it failed'}
    ${{ ...captured, status: 'pending' }}                   | ${'the bank has not answered'}
    ${{ ...captured, captured: false, amount_captured: 0 }} | ${'it is only authorised'}
    ${{ ...captured, amount_captured: 1000 }}               | ${'a part may follow'}
    ${{ ...captured, payment_intent: null }}                | ${'it has none'}
  `('hears nothing of a PaymentIntent from its charge where $why', ({ object }) => {
    expect(messagesOf(event(object))).toMatchObject([{ event: { intent: null } }])
  })

  const money = { amount: 100, currency: 'USD', status: 'succeeded' }

  test.each`
    object                                                                                | to                | type                  | why
    ${{ ...charge, payment_intent: null }}                                                | ${'payment/ch_1'} | ${'charge.observed'}  | ${'an old charge stands for itself'}
    ${{ ...money, object: 'refund', id: 're_1', charge: 'ch_1', payment_intent: 'pi_1' }} | ${'payment/pi_1'} | ${'refund.observed'}  | ${'a refund is of a payment'}
    ${{ ...money, object: 'refund', id: 're_1', charge: 'ch_1' }}                         | ${'payment/ch_1'} | ${'refund.observed'}  | ${'or of an old charge'}
    ${{ ...money, object: 'dispute', id: 'dp_1', charge: { id: 'ch_1' } }}                | ${'payment/ch_1'} | ${'dispute.observed'} | ${'as a dispute is'}
  `('meets what belongs to it: $why', ({ object, to, type }) => {
    expect(messagesOf(event(object))).toMatchObject([
      { to, event: { type, facts: { currency: 'usd' } } },
    ])
  })
})

describe('an account', () => {
  test('has the customer, its default card, and its deletion', () => {
    const object = {
      ...customer,
      email: 'ada@example.com',
      invoice_settings: { default_payment_method: { id: 'pm_1', object: 'payment_method' } },
      metadata: ours,
    }
    const facts = (type: string) => messagesOf(event(object, type))
    expect(facts('customer.updated')).toMatchObject([
      { to: 'account/acct_1', event: { facts: { defaultPaymentMethod: 'pm_1', deleted: false } } },
    ])
    expect(facts('customer.deleted')).toMatchObject([
      { event: { facts: { deleted: true, email: null, defaultPaymentMethod: null } } },
    ])
  })

  test('learns of a card that left it, though the card names it no more', () => {
    const object = {
      object: 'payment_method',
      id: 'pm_1',
      type: 'card',
      customer: null,
      created,
      card: { brand: 'visa', last4: '4242', exp_month: 12, exp_year: 2030 },
    }
    const detached = { object, previous_attributes: { customer: 'cus_1' } }
    const json = { ...event(object), type: 'payment_method.detached', data: detached }
    expect(messagesOf(json)).toMatchObject([
      { to: 'account/cus_1', event: { facts: { attached: false, brand: 'visa', expYear: 2030 } } },
    ])
    expect(normalise(event(object), { catalog }).outcome).toBe('ignored')
  })

  const session = { object: 'checkout.session', id: 'cs_1', status: 'complete' }

  test.each`
    fields                                                  | account             | why
    ${{ client_reference_id: 'acct_1' }}                    | ${'account/acct_1'} | ${'our own id, given when it began'}
    ${{ client_reference_id: 'user-7', customer: 'cus_1' }} | ${'account/cus_1'}  | ${'the customer, where the reference is not ours'}
    ${{}}                                                   | ${null}             | ${'nobody, where only the subscription is known'}
  `('is named by a checkout session that began a subscription: $why', ({ fields, account }) => {
    const messages = messagesOf(event({ ...session, ...fields, subscription: 'sub_1' }))
    expect(messages).toMatchObject([{ to: 'subscription/sub_1', event: { account } }])
  })

  test('hears nothing of a checkout session without a subscription', () => {
    const json = event({ ...session, customer: 'cus_1' })
    expect(normalise(json, { catalog }).outcome).toBe('ignored')
  })
})

describe('a notification without a state', () => {
  const thin = (type: string, related_object: unknown) =>
    normalise(
      {
        id: 'evt_1',
        object: 'v2.core.event',
        created: '2027-01-31T12:00:00.123Z',
        livemode: false,
        type,
        related_object,
      },
      { catalog },
    )

  test.each`
    type                                 | related                                  | event
    ${'v1.customer.subscription.active'} | ${{ id: 'sub_1', type: 'subscription' }} | ${{ type: 'subscription.hinted', subscription: 'sub_1' }}
    ${'v1.invoice.paid'}                 | ${{ id: 'in_1', type: 'invoice' }}       | ${{ type: 'invoice.hinted', invoice: 'in_1' }}
  `('asks for a read of what changed: $type', ({ type, related, event: hint }) => {
    expect(thin(type, related)).toMatchObject({
      outcome: 'applied',
      messages: [{ event: hint, occurredAt: at }],
    })
  })

  test.each([
    ['v1.customer.deleted', 'customer'],
    ['v1.payment_method.attached', 'payment_method'],
    ['v1.payment_intent.succeeded', 'payment_intent'],
    ['v1.charge.succeeded', 'charge'],
    ['v1.refund.failed', 'refund'],
    ['v1.charge.dispute.created', 'dispute'],
    ['v1.checkout.session.completed', 'checkout.session'],
    ['v1.invoice_payment.paid', 'invoice_payment'],
  ])('whose object must tell its actors asks for a look at it: %s', (type, object) => {
    expect(thin(type, { id: 'x_1', type: object })).toStrictEqual({
      outcome: 'lookup',
      object,
      id: 'x_1',
    })
  })

  test.each([[null], [{ id: 'price_1', type: 'price' }]])(
    'concerns nobody where it is of %j',
    (related) => expect(thin('v1.price.created', related).outcome).toBe('ignored'),
  )
})

describe('any event at all', () => {
  test('race 5: two types that show one object are one fact', () => {
    const object = { ...subscription, customer: 'cus_1' }
    const types = ['created', 'updated', 'deleted', 'trial_will_end']
    const told = types.map((type) => messagesOf(event(object, `customer.subscription.${type}`)))
    for (const messages of told) expect(messages).toStrictEqual(told[0])
  })

  test('race 16: of an object that nobody knows is left alone, and says why', () => {
    for (const name of ['price', 'constructor', '__proto__', 'new.thing']) {
      expect(normalise(event({ object: name }), { catalog })).toMatchObject({ outcome: 'ignored' })
    }
  })

  test('that lacks what is needed of it is unreadable, and says where', () => {
    expect(normalise(event({ ...charge, amount: 29.5 }), { catalog })).toMatchObject({
      outcome: 'unreadable',
      why: expect.stringContaining('amount'),
    })
  })

  const objects = [subscription, invoice, intent, charge, customer]
  const broken = fc
    .tuple(fc.constantFrom(...objects), fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(30))
    .map(([object, extra, n]) => {
      const fields = Object.keys(object)
      return { ...object, [fields[n % fields.length] ?? 'id']: extra, ...extra }
    })

  test('has an outcome, whatever JSON it is', () => {
    const outcomes = ['applied', 'ignored', 'unreadable', 'lookup']
    fc.assert(
      fc.property(fc.oneof(broken, fc.dictionary(fc.string(), fc.jsonValue())), (object) => {
        const reading = normalise(event({ object: 'invoice', ...object }, 'some.event'), {
          catalog,
        })
        expect(outcomes).toContain(reading.outcome)
        if (reading.outcome !== 'applied') return
        expect(reading.messages.map(resolved).every(isTelling)).toBe(true)
      }),
      { numRuns: 1000 },
    )
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(outcomes).toContain(normalise(json, { catalog }).outcome)
      }),
    )
  })
})
