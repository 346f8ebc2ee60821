import { describe, expect, test } from 'vitest'
import {
  haveAccount,
  haveActive,
  invoiceSays,
  noOf,
  openWorld,
  wrongFields,
  type World,
} from '../testing/world.ts'

async function haveOpenInvoice(world: World, { card = true } = {}): Promise<void> {
  await haveActive(world)
  await world.tell('invoice/in_one', invoiceSays('acct_own', 'open'))
  if (!card) return
  const visa = { provider: 'stripe', token: 'pm_card_visa' }
  await world.ask('POST /v1/accounts/acct_own/payment-methods', { body: visa })
  await world.runtime.idle()
}

describe('200', () => {
  test('an invoice shows what is owed, by line, in minor units', async () => {
    const world = openWorld()
    await haveOpenInvoice(world)
    const { json } = await world.ask('GET /v1/invoices/in_one')
    expect(json).toMatchObject({
      object: 'invoice',
      account: 'acct_own',
      subscription: 'sub_one',
      status: 'open',
      collection_state: 'idle',
      currency: 'usd',
      total: 2900,
      amount_paid: 0,
      amount_remaining: 2900,
      lines: [{ description: 'Pro', amount: 2900, quantity: 1 }],
    })
  })

  test("an account's invoices are listed, and no other's", async () => {
    const world = openWorld()
    await haveOpenInvoice(world)
    await haveAccount(world, 'acct_own_too')
    await world.tell('invoice/in_two', invoiceSays('acct_own_too', 'open'))
    const { json } = await world.ask('GET /v1/invoices?account=acct_own')
    expect(json).toMatchObject({ data: [{ id: 'in_one' }], next_cursor: null })
  })
})

describe('202', () => {
  test('a payment is asked for, and shown as paid only when the provider says so', async () => {
    const world = openWorld()
    await haveOpenInvoice(world)
    const asked = await world.ask('POST /v1/invoices/in_one/pay', { body: {} })
    expect(asked.status).toBe(202)
    expect(asked.json).toMatchObject({ status: 'open', collection_state: 'charging' })
    const paid = invoiceSays('acct_own', 'paid')
    await world.tell('invoice/in_one', paid, '2027-01-02T00:00:00.000Z')
    const { json } = await world.ask('GET /v1/invoices/in_one')
    expect(json).toMatchObject({ status: 'paid', amount_paid: 2900, amount_remaining: 0 })
  })
})

describe('402', () => {
  test('an account that has nothing to charge is told so', async () => {
    const world = openWorld()
    await haveOpenInvoice(world, { card: false })
    const answer = await world.ask('POST /v1/invoices/in_one/pay', { body: {} })
    expect(noOf(answer)).toEqual({ status: 402, code: 'payment_method_required' })
  })
})

describe('404', () => {
  test('the invoices of an unknown account are not found', async () => {
    const answer = await openWorld().ask('GET /v1/invoices?account=acct_none')
    expect(noOf(answer)).toEqual({ status: 404, code: 'not_found' })
  })
})

describe('409', () => {
  test('a paid invoice cannot be paid again', async () => {
    const world = openWorld()
    await haveOpenInvoice(world)
    const paid = invoiceSays('acct_own', 'paid')
    await world.tell('invoice/in_one', paid, '2027-01-02T00:00:00.000Z')
    const answer = await world.ask('POST /v1/invoices/in_one/pay', { body: {} })
    expect(noOf(answer)).toEqual({ status: 409, code: 'not_possible_now' })
    expect(answer.json['state']).toContain('status.paid')
    expect(answer.json['possible']).not.toContain('invoice.pay')
  })
})

describe('422', () => {
  test.each(['pm_of_another', '__proto__', 'constructor', 'x'.repeat(201)])(
    "another account's payment method, or an unknown one, is refused: %s",
    async (unknown) => {
      const world = openWorld()
      await haveOpenInvoice(world)
      const body = { payment_method: unknown }
      const answer = await world.ask('POST /v1/invoices/in_one/pay', { body })
      expect(noOf(answer)).toEqual({ status: 422, code: 'payment_method_unknown' })
      expect(answer.json['payment_method']).toBe(unknown)
    },
  )

  test('the list needs an account', async () => {
    const answer = await openWorld().ask('GET /v1/invoices')
    expect(noOf(answer)).toEqual({ status: 422, code: 'invalid_request' })
    expect(wrongFields(answer)).toEqual(['/account'])
  })
})
