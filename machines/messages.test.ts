import { expect, test } from 'vitest'
import { summary, tell } from './messages.ts'

// What must not compile: the type checker fails here if one of these does.
test('a message that its receiver does not know does not compile', () => {
  const told = [
    // @ts-expect-error a misspelt type
    tell('payment/pi_1', { type: 'refrsh' }),
    // @ts-expect-error another actor's event
    tell('account/acct_1', { type: 'invoice.void' }),
    // @ts-expect-error a field that nobody reads
    tell('payment/pi_1', { type: 'refresh', provider: 'stripe' }),
    // @ts-expect-error a field is missing
    tell('subscription/sub_1', { type: 'subscription.create', quantity: 1 }),
    // @ts-expect-error a misspelt field
    tell('invoice/in_1', { type: 'invoice.pay', paymentMehtod: null }),
    // @ts-expect-error no actor of this type
    tell('subscrption/sub_1', { type: 'refresh' }),
    // @ts-expect-error a summary without its fields
    summary('account/acct_1', { type: 'dunning.changed', stage: 'collecting' }, true).event,
    // @ts-expect-error a summary for somebody who does not hear it
    summary('payment/pi_1', { type: 'dunning.changed' }, true).event,
  ]
  expect(told).toHaveLength(8)
  expect(tell('invoice/in_1', { type: 'invoice.pay', paymentMethod: null })).toEqual({
    kind: 'tell',
    to: 'invoice/in_1',
    event: { type: 'invoice.pay', paymentMethod: null },
  })
})
