import { describe, expect, test } from 'vitest'
import type { Fate } from '../../../test/harness/stripe-network.ts'
import { openStripe, type StripeWorld } from '../../../test/harness/stripe-performer.ts'
import { msPerHour } from '../../../values/instant.ts'

const adding = (token: string) =>
  ({ kind: 'payment_method.attach', provider: 'stripe', account: 'account/acct_1', token }) as const

const first = adding('pm_card_visa')
const second = adding('pm_card_mastercard')

async function defaultOf(world: StripeWorld, customer: string): Promise<string | undefined> {
  const found = await world.stripe.customers.retrieve(customer, {
    expand: ['invoice_settings.default_payment_method'],
  })
  if (found.deleted === true) throw new Error('the customer is deleted')
  const method = found.invoice_settings.default_payment_method
  return typeof method === 'string' ? method : method?.card?.last4
}

async function addedElsewhere(world: StripeWorld, customer: string) {
  const { id } = await world.stripe.paymentMethods.attach('pm_card_amex', { customer })
  const isDefault = async () => {
    await world.stripe.customers.update(customer, {
      invoice_settings: { default_payment_method: id },
    })
  }
  return { id, isDefault }
}

describe('of two cards', () => {
  test('the one added later stays the default, however late the other is tried again', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1')
    const asked = { occurredAt: world.now(), firstTriedAt: world.now() }
    world.ruleFirstPost('unsent')
    await world.deliver(first, { seq: 3, tries: 1 })
    await world.deliver(second, { seq: 4 })
    await world.deliver(first, { seq: 3, claimed: { tries: 1, ...asked } })
    expect(await defaultOf(world, customer)).toBe('4444')
    expect((await world.stripe.paymentMethods.list({ customer })).data).toHaveLength(2)
    const changes = world.requests.filter((one) => one === `POST /v1/customers/${customer}`)
    expect(changes).toHaveLength(1)
  })

  test('the one added later becomes the default, though it overtakes the other half-way', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1')
    let isOvertaken = false
    // Marked after the first has seen that it is the newest, and before it makes itself the
    // default.
    const overtaking = async (method: string, path: string): Promise<Fate> => {
      if (isOvertaken || method !== 'GET' || path !== `/v1/customers/${customer}`) return 'answered'
      isOvertaken = true
      const { paymentMethods } = world.stripe
      const { id } = await paymentMethods.attach('pm_card_mastercard', { customer })
      await paymentMethods.update(id, { metadata: { tenure_effect: 'account/acct_1#4.0' } })
      return 'answered'
    }
    world.rule(overtaking)
    await world.deliver(first, { seq: 3 })
    expect(isOvertaken).toBe(true)
    expect(await defaultOf(world, customer)).toBe('4444')
  })

  test('the one added again is the later one', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1', 'pm_card_visa')
    const known = (await world.stripe.paymentMethods.list({ customer })).data[0]?.id ?? ''
    await world.deliver(second, { seq: 3 })
    await world.deliver(adding(known), { seq: 4 })
    expect(await defaultOf(world, customer)).toBe('4242')
  })
})

describe('a card that the customer added elsewhere', () => {
  test('is not taken for the one of a token whose answer was lost', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1')
    const asked = { occurredAt: world.now(), firstTriedAt: world.now() }
    world.ruleFirstPost('unsent')
    await world.deliver(adding('tok_mastercard'), { tries: 1 })
    const { id } = await addedElsewhere(world, customer)
    await world.deliver(adding('tok_mastercard'), { claimed: { tries: 1, ...asked } })
    expect(await defaultOf(world, customer)).toBe('4444')
    expect((await world.stripe.paymentMethods.retrieve(id)).metadata).toStrictEqual({})
  })

  test('and made the default stays it, where an older one is tried again', async () => {
    const world = openStripe()
    const customer = await world.customer('account/acct_1')
    const asked = { occurredAt: world.now(), firstTriedAt: world.now() }
    world.pass(2 * msPerHour)
    const elsewhere = await addedElsewhere(world, customer)
    await elsewhere.isDefault()
    await world.deliver(first, { claimed: { tries: 1, ...asked } })
    const known = await world.stripe.paymentMethods.retrieve(elsewhere.id)
    expect(await defaultOf(world, customer)).toBe(known.card?.last4)
  })
})
