import { describe, expect, test } from 'vitest'
import { openApi, problemIn, type TestApi, wrongFields } from '../../test/harness/api.ts'
import { haveAccount, haveActive, invoiceSays } from '../../test/harness/provider-says.ts'

async function haveOpenInvoice(api: TestApi, { card = true } = {}): Promise<void> {
  await haveActive(api)
  await api.tell('invoice/in_one', invoiceSays('acct_own', 'open'))
  if (!card) return
  const visa = { provider: 'stripe', token: 'pm_card_visa' }
  await api.ask('POST /v1/accounts/acct_own/payment-methods', { body: visa })
  await api.runtime.idle()
}

describe('200', () => {
  test('an invoice shows what is owed, by line, in minor units', async () => {
    const api = openApi()
    await haveOpenInvoice(api)
    const { json } = await api.ask('GET /v1/invoices/in_one')
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
    const api = openApi()
    await haveOpenInvoice(api)
    await haveAccount(api, 'acct_own_too')
    await api.tell('invoice/in_two', invoiceSays('acct_own_too', 'open'))
    const { json } = await api.ask('GET /v1/invoices?account=acct_own')
    expect(json).toMatchObject({ data: [{ id: 'in_one' }], next_cursor: null })
  })
})

describe('202', () => {
  test('a payment is asked for, and shown as paid only when the provider says so', async () => {
    const api = openApi()
    await haveOpenInvoice(api)
    const asked = await api.ask('POST /v1/invoices/in_one/pay', { body: {} })
    expect(asked.status).toBe(202)
    expect(asked.json).toMatchObject({ status: 'open', collection_state: 'charging' })
    const paid = invoiceSays('acct_own', 'paid')
    await api.tell('invoice/in_one', paid, '2027-01-02T00:00:00.000Z')
    const { json } = await api.ask('GET /v1/invoices/in_one')
    expect(json).toMatchObject({ status: 'paid', amount_paid: 2900, amount_remaining: 0 })
  })
})

describe('402', () => {
  test('an account that has nothing to charge is told so', async () => {
    const api = openApi()
    await haveOpenInvoice(api, { card: false })
    const answer = await api.ask('POST /v1/invoices/in_one/pay', { body: {} })
    expect(problemIn(answer)).toEqual({ status: 402, code: 'payment_method_required' })
  })
})

describe('404', () => {
  test('the invoices of an unknown account are not found', async () => {
    const answer = await openApi().ask('GET /v1/invoices?account=acct_none')
    expect(problemIn(answer)).toEqual({ status: 404, code: 'not_found' })
  })
})

describe('409', () => {
  test('a paid invoice cannot be paid again', async () => {
    const api = openApi()
    await haveOpenInvoice(api)
    const paid = invoiceSays('acct_own', 'paid')
    await api.tell('invoice/in_one', paid, '2027-01-02T00:00:00.000Z')
    const answer = await api.ask('POST /v1/invoices/in_one/pay', { body: {} })
    expect(problemIn(answer)).toEqual({ status: 409, code: 'not_possible_now' })
    expect(answer.json['state']).toContain('status.paid')
    expect(answer.json['possible']).not.toContain('invoice.pay')
  })
})

describe('422', () => {
  test.each(['pm_of_another', '__proto__', 'constructor', 'x'.repeat(201)])(
    "another account's payment method, or an unknown one, is refused: %s",
    async (unknown) => {
      const api = openApi()
      await haveOpenInvoice(api)
      const body = { payment_method: unknown }
      const answer = await api.ask('POST /v1/invoices/in_one/pay', { body })
      expect(problemIn(answer)).toEqual({ status: 422, code: 'payment_method_unknown' })
      expect(answer.json['payment_method']).toBe(unknown)
    },
  )

  test('the list needs an account', async () => {
    const answer = await openApi().ask('GET /v1/invoices')
    expect(problemIn(answer)).toEqual({ status: 422, code: 'invalid_request' })
    expect(wrongFields(answer)).toEqual(['/account'])
  })
})
