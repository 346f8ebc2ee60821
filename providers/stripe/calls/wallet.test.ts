import { describe, expect, test } from 'vitest'
import { eventsOf, factIn, openStripe } from '../../../test/harness/stripe-performer.ts'

const account = 'account/acct_1'

function readOf(customer: string, paymentMethods: boolean) {
  return {
    kind: 'object.read',
    provider: 'stripe',
    object: 'customer',
    objectId: customer,
    coalesce: `wallet:${customer}`,
    ...(paymentMethods ? { paymentMethods: true as const } : {}),
  } as const
}

describe('reading a customer with its payment methods', () => {
  test('tells each that is attached, and last which of them are', async () => {
    const world = openStripe()
    const customer = await world.customer(account, 'pm_card_visa')
    const second = await world.stripe.paymentMethods.attach('pm_card_mastercard', { customer })
    const detached = await world.stripe.paymentMethods.attach('pm_card_visa', { customer })
    await world.stripe.paymentMethods.detach(detached.id)
    const first = world.accounts.get(account)?.defaultPaymentMethod ?? ''

    const told = eventsOf(await world.deliver(readOf(customer, true)))
    expect(told.map(({ type }) => type)).toEqual([
      'customer.observed',
      'payment_method.observed',
      'payment_method.observed',
      'wallet.observed',
    ])
    const ids = told.slice(1, 3).map((event) => factIn(event, 'paymentMethod'))
    expect(ids.toSorted()).toEqual([first, second.id].toSorted())
    expect(told[3]).toEqual({ type: 'wallet.observed', provider: 'stripe', paymentMethods: ids })
    expect(told.slice(0, 3).map((event) => event['read'])).toEqual([3, 3, 3])
  })

  test('tells that nothing is attached to a customer that is deleted', async () => {
    const world = openStripe()
    const customer = await world.customer(account, 'pm_card_visa')
    await world.stripe.customers.del(customer)
    const told = eventsOf(await world.deliver(readOf(customer, true)))
    expect(told).toHaveLength(2)
    expect(told[0]).toMatchObject({ type: 'customer.observed', facts: { deleted: true } })
    expect(told[1]).toEqual({ type: 'wallet.observed', provider: 'stripe', paymentMethods: [] })
  })

  test('is not done where the customer alone was asked for', async () => {
    const world = openStripe()
    const customer = await world.customer(account, 'pm_card_visa')
    const told = eventsOf(await world.deliver(readOf(customer, false)))
    expect(told.map(({ type }) => type)).toEqual(['customer.observed'])
  })
})
