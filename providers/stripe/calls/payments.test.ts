import { describe, expect, test } from 'vitest'
import {
  eventsOf,
  openStripe,
  type StripeWorld,
  textIn,
} from '../../../test/harness/stripe-performer.ts'

const charge = {
  kind: 'payment.charge',
  provider: 'stripe',
  invoice: 'invoice/in_sub_1_0',
  account: 'account/acct_1',
  attempt: 1,
  amountMinor: 2900,
  currency: 'usd',
  onSession: false,
  paymentMethod: null,
} as const

const asking = { actor: 'invoice/in_sub_1_0', seq: 5 } as const

async function intentsOf(world: StripeWorld, customer: string) {
  return (await world.stripe.paymentIntents.list({ customer })).data
}

describe('a charge of the platform', () => {
  test('is one payment that tells whose it is', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1', 'pm_card_visa')
    const delivered = await world.deliver(charge, asking)
    const [intent] = await intentsOf(world, customer)
    expect(eventsOf(delivered)).toStrictEqual([
      {
        type: 'charge.submitted',
        attempt: 1,
        status: 'succeeded',
        paymentIntent: intent?.id,
        clientSecret: intent?.client_secret,
        nextActionUrl: null,
        paymentMethod: intent?.payment_method,
      },
    ])
    expect(intent).toMatchObject({
      amount: 2900,
      metadata: { tenure_account: 'acct_1', tenure_invoice: 'in_sub_1_0', tenure_attempt: '1' },
    })
  })

  test('M2 is one payment where Stripe’s answer was lost', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1', 'pm_card_visa')
    world.ruleFirstPost('lost')
    expect(eventsOf(await world.deliver(charge, asking))).toMatchObject([{ status: 'succeeded' }])
    expect(await intentsOf(world, customer)).toHaveLength(1)
  })

  test.each`
    hours   | why
    ${30}   | ${'its key is forgotten, and its tries do not tell'}
    ${0.02} | ${'its key still holds for another card'}
    ${0}    | ${'another card is the default a moment later'}
  `('M2 is one payment where $why', async ({ hours }) => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1', 'pm_card_visa')
    const firstTriedAt = world.now()
    await world.deliver(charge, asking)
    const card = await world.stripe.paymentMethods.attach('pm_card_mastercard', { customer })
    world.accounts.set('account/acct_1', {
      customer,
      defaultPaymentMethod: card.id,
      isAttaching: false,
    })
    world.pass(hours * 3_600_000)
    const claimed = { tries: 0, firstTriedAt, occurredAt: firstTriedAt }
    const delivered = await world.deliver(charge, { ...asking, claimed })
    expect(eventsOf(delivered)).toMatchObject([{ status: 'succeeded' }])
    expect(await intentsOf(world, customer)).toHaveLength(1)
  })

  test('M2 is one payment where its key was forgotten', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1', 'pm_card_visa')
    const firstTriedAt = world.now()
    await world.deliver(charge, asking)
    world.pass(30 * 3_600_000)
    const claimed = { tries: 1, firstTriedAt, occurredAt: firstTriedAt }
    await world.deliver(charge, { ...asking, claimed })
    expect(await intentsOf(world, customer)).toHaveLength(1)
  })

  test('M2 is one payment where Stripe stored a 500 after doing it', async () => {
    for (const seed of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const world = openStripe()
      const customer = await world.customer('account/acct_1', 'pm_card_visa')
      world.twin.chaos.set({ seed, http500: 1 })
      await world.deliver(charge, { ...asking, tries: 1 })
      world.twin.chaos.set({ http500: 0 })
      const delivered = await world.deliver(charge, { ...asking, claimed: { tries: 1 } })
      expect(eventsOf(delivered)).toMatchObject([{ status: 'succeeded' }])
      expect(await intentsOf(world, customer)).toHaveLength(1)
    }
  })

  test('goes on with a payment that was made and never confirmed', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1', 'pm_card_visa')
    const metadata = { tenure_invoice: 'in_sub_1_0', tenure_attempt: '1' }
    const made = { amount: 2900, currency: 'usd', customer, metadata }
    const { id } = await world.stripe.paymentIntents.create(made)
    const delivered = await world.deliver(charge, { ...asking, claimed: { tries: 1 } })
    expect(eventsOf(delivered)).toMatchObject([{ paymentIntent: id, status: 'succeeded' }])
    expect(await intentsOf(world, customer)).toHaveLength(1)
  })

  test('is another payment for another attempt', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1', 'pm_card_chargeCustomerFail')
    await world.deliver(charge, asking)
    await world.deliver({ ...charge, attempt: 2 }, { ...asking, seq: 6, claimed: { tries: 1 } })
    expect(await intentsOf(world, customer)).toHaveLength(2)
  })

  test.each`
    card                                | why
    ${'pm_card_chargeCustomerFail'}     | ${'the bank’s no'}
    ${'pm_card_authenticationRequired'} | ${'the bank’s wish to see the customer'}
  `('that is declined is submitted all the same: $why', async ({ card }) => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1', card)
    const delivered = await world.deliver(charge, asking)
    const [intent] = await intentsOf(world, customer)
    expect(eventsOf(delivered)).toMatchObject([
      { type: 'charge.submitted', status: 'requires_payment_method', paymentIntent: intent?.id },
    ])
  })

  test('without the customer needs a payment method', async () => {
    const world = openStripe()
    await world.customer('account/acct_1')
    expect(eventsOf(await world.deliver(charge, asking))).toMatchObject([
      { type: 'effect.rejected', effect: 'payment.charge', code: 'payment_method_missing' },
    ])
  })

  test('with the customer present may wait for a payment method', async () => {
    const world = openStripe()
    await world.customer('account/acct_1')
    const delivered = await world.deliver({ ...charge, onSession: true }, asking)
    expect(eventsOf(delivered)).toMatchObject([
      {
        type: 'charge.submitted',
        status: 'requires_payment_method',
        clientSecret: expect.stringContaining('_secret_'),
      },
    ])
  })

  test('with the customer present sends them to authenticate', async () => {
    const world = openStripe()
    await world.customer('account/acct_1', 'pm_card_authenticationRequired')
    const delivered = await world.deliver({ ...charge, onSession: true }, asking)
    expect(eventsOf(delivered)).toMatchObject([
      { status: 'requires_action', nextActionUrl: expect.stringContaining('http://') },
    ])
  })
})

describe('a charge that is not wanted any more', () => {
  test.each`
    tries | seconds | why
    ${0}  | ${0}    | ${'was never tried'}
    ${1}  | ${180}  | ${'never reached Stripe'}
  `('M6 is not made: it $why', async ({ tries, seconds }) => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1', 'pm_card_visa')
    const firstTriedAt = world.now()
    world.pass(seconds * 1000)
    const claim = world.claim(charge, { ...asking, claimed: { tries, firstTriedAt } })
    expect(await world.performer.lookUp?.(claim, world.now())).toBeNull()
    expect(await intentsOf(world, customer)).toEqual([])
  })

  test('M6 is waited for while it may be under way', async () => {
    const world = openStripe()
    await world.customer('account/acct_1', 'pm_card_visa')
    const firstTriedAt = world.now()
    world.pass(30_000)
    const claim = world.claim(charge, { ...asking, claimed: { tries: 1, firstTriedAt } })
    await expect(world.performer.lookUp?.(claim, world.now())).rejects.toMatchObject({
      code: 'retry_later',
      counts: false,
      afterMs: 90_000,
    })
  })

  test('M6 is nothing where the account has no customer', async () => {
    const world = openStripe()
    const claim = world.claim(charge, { ...asking, claimed: { tries: 1 } })
    world.pass(180_000)
    expect(await world.performer.lookUp?.(claim, world.now())).toBeNull()
  })

  test('M6 and was made is found as it stands, and not gone on with', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1', 'pm_card_visa')
    const metadata = { tenure_invoice: 'in_sub_1_0', tenure_attempt: '1' }
    const made = { amount: 2900, currency: 'usd', customer, metadata }
    const { id, status } = await world.stripe.paymentIntents.create(made)
    const claim = world.claim(charge, { ...asking, claimed: { tries: 1 } })
    expect(await world.performer.lookUp?.(claim, world.now())).toMatchObject([
      { event: { type: 'charge.submitted', attempt: 1, paymentIntent: id, status } },
    ])
    expect(await intentsOf(world, customer)).toMatchObject([{ status }])
  })
})

describe('a payment that is cancelled', () => {
  const cancel = { kind: 'payment_intent.cancel', provider: 'stripe' } as const

  test.each`
    fate          | why
    ${'answered'} | ${'at once'}
    ${'lost'}     | ${'where the answer was lost'}
  `('is told to the payment’s own actor by a read, $why', async ({ fate }) => {
    const world = openStripe()
    await world.customer('account/acct_1')
    const [submitted] = eventsOf(await world.deliver({ ...charge, onSession: true }, asking))
    const paymentIntent = textIn(submitted, 'paymentIntent')
    world.ruleFirstPost(fate)
    const { results } = await world.deliver({ ...cancel, paymentIntent }, { ...asking, seq: 6 })
    expect(results).toMatchObject([
      {
        to: `payment/${paymentIntent}`,
        event: {
          type: 'payment_intent.observed',
          read: null,
          attempt: 1,
          account: 'account/acct_1',
          invoice: 'invoice/in_sub_1_0',
          facts: { status: 'canceled' },
        },
      },
    ])
  })

  test('and had succeeded is told so', async () => {
    const world = openStripe()
    await world.customer('account/acct_1', 'pm_card_visa')
    const [submitted] = eventsOf(await world.deliver(charge, asking))
    const paymentIntent = textIn(submitted, 'paymentIntent')
    const delivered = await world.deliver({ ...cancel, paymentIntent }, { ...asking, seq: 6 })
    expect(eventsOf(delivered)).toMatchObject([{ facts: { status: 'succeeded' } }])
  })
})

describe('money that is sent back', () => {
  const refund = { kind: 'payment.refund', provider: 'stripe' } as const

  test.each`
    fate          | before  | why
    ${'answered'} | ${0}    | ${'all of it'}
    ${'lost'}     | ${0}    | ${'once, where the answer was lost'}
    ${'answered'} | ${900}  | ${'what is left of it, where a person has sent back a part'}
    ${'unsent'}   | ${900}  | ${'what is left of it, where ours did not arrive after that part'}
    ${'answered'} | ${2900} | ${'none of it, where a person has sent back all'}
  `('M6 is $why, and the payment’s own actor is told', async ({ fate, before }) => {
    const world = openStripe()
    await world.customer('account/acct_1', 'pm_card_visa')
    const [submitted] = eventsOf(await world.deliver(charge, asking))
    const paymentIntent = textIn(submitted, 'paymentIntent')
    const part = { payment_intent: paymentIntent, amount: before }
    if (before > 0) await world.stripe.refunds.create(part)
    world.ruleFirstPost(fate)
    const { results } = await world.deliver({ ...refund, paymentIntent }, { ...asking, seq: 6 })
    expect(results).toMatchObject([
      {
        to: `payment/${paymentIntent}`,
        event: { type: 'charge.observed', facts: { amountRefundedMinor: 2900 } },
      },
    ])
    const { data } = await world.stripe.refunds.list({ payment_intent: paymentIntent })
    expect(data.reduce((sum, { amount }) => sum + amount, 0)).toBe(2900)
  })
})

test('M6 money that Stripe does not send back, as of a dispute, waits for a person', async () => {
  const world = openStripe()
  await world.customer('account/acct_1', 'pm_card_createDispute')
  const [submitted] = eventsOf(await world.deliver(charge, asking))
  const paymentIntent = textIn(submitted, 'paymentIntent')
  world.pass(60_000)
  await world.twin.runDue()
  const refund = { kind: 'payment.refund', provider: 'stripe', paymentIntent } as const
  await expect(world.deliver(refund, { ...asking, seq: 6 })).rejects.toMatchObject({
    code: 'stripe_refused',
    message: expect.stringContaining('charge_disputed'),
  })
})

describe('a first payment', () => {
  async function confirmed(card: string, fate: 'answered' | 'lost' = 'answered') {
    const world = openStripe()
    const customer = await world.customer('account/acct_1', card)
    const made = { amount: 2900, currency: 'usd', customer }
    const { id: paymentIntent } = await world.stripe.paymentIntents.create(made)
    const paymentMethod = world.accounts.get('account/acct_1')?.defaultPaymentMethod ?? ''
    world.ruleFirstPost(fate)
    const confirm = { kind: 'payment_intent.confirm', provider: 'stripe' } as const
    const delivered = await world.deliver(
      { ...confirm, paymentIntent, paymentMethod },
      { actor: 'subscription/sub_1' },
    )
    const charges = (await world.stripe.charges.list({ payment_intent: paymentIntent })).data
    return { events: eventsOf(delivered), charges: charges.length }
  }

  test.each`
    card                                | fate          | status                       | decline              | why
    ${'pm_card_visa'}                   | ${'answered'} | ${'succeeded'}               | ${null}              | ${'paid'}
    ${'pm_card_visa'}                   | ${'lost'}     | ${'succeeded'}               | ${null}              | ${'paid, and the answer lost'}
    ${'pm_card_chargeCustomerFail'}     | ${'answered'} | ${'requires_payment_method'} | ${'generic_decline'} | ${'declined'}
    ${'pm_card_chargeCustomerFail'}     | ${'lost'}     | ${'requires_payment_method'} | ${'generic_decline'} | ${'declined, and the answer lost'}
    ${'pm_card_authenticationRequired'} | ${'answered'} | ${'requires_action'}         | ${null}              | ${'to be authenticated'}
  `('is answered with how it stands: $why', async ({ card, fate, status, decline }) => {
    const { events, charges } = await confirmed(card, fate)
    expect(events).toStrictEqual([
      {
        type: 'payment.prepared',
        status,
        declineCode: decline,
        nextActionUrl: status === 'requires_action' ? expect.stringContaining('/3ds/') : null,
      },
    ])
    expect(charges).toBe(status === 'requires_action' ? 0 : 1)
  })
})
