import { describe, expect, test } from 'vitest'
import type { SampleEvent } from '../../test/charts/explore.ts'
import { given } from '../../test/charts/given.ts'
import { invoiceIssued as issued } from '../../test/charts/samples.ts'
import { isFailing } from './debt.ts'
import { InvoiceContext } from './state.ts'
import { invoiceWants } from './wanted.ts'

const parked = {
  type: 'effect.parked',
  effect: 'payment.charge',
  id: 'invoice/in_1#1.1',
  error: 'x',
}
const voided = { type: 'invoice.void' }
const notWanted = (attempt: number) => ({
  type: 'effect.not_wanted',
  effect: 'payment.charge',
  id: 'invoice/in_1#1.1',
  asked: { attempt },
})
const submitted = {
  type: 'charge.submitted',
  attempt: 1,
  status: 'processing',
  paymentIntent: 'pi_1',
  clientSecret: null,
  nextActionUrl: null,
  paymentMethod: null,
}
const declined = {
  type: 'effect.rejected',
  effect: 'payment.charge',
  code: 'card_declined',
  message: 'Your card was declined.',
}

function after(...events: readonly SampleEvent[]) {
  const invoice = given('invoice').when(...events)
  return { value: invoice.state, context: invoice.context(InvoiceContext) }
}

const chargeOf = (attempt: number) => ({ id: `invoice/in_1#${attempt}.1`, attempt })
const wantsCharge = invoiceWants['payment.charge']

describe('a charge', () => {
  test.each`
    events                | attempt | wanted   | why
    ${[issued]}           | ${1}    | ${true}  | ${'the attempt that is under way'}
    ${[issued]}           | ${2}    | ${false} | ${'an attempt that there is not'}
    ${[issued, declined]} | ${1}    | ${false} | ${'it was refused'}
    ${[issued, voided]}   | ${1}    | ${false} | ${'it is to be void'}
    ${[issued, parked]}   | ${1}    | ${true}  | ${'it was given up for a fault of ours, and is still due'}
  `('M6 $why: wanted $wanted', ({ events, attempt, wanted }) => {
    expect(wantsCharge(after(...events), chargeOf(attempt))).toBe(wanted)
  })

  test.each`
    events                                       | status                  | why
    ${[issued, voided]}                          | ${{ open: 'charging' }} | ${'that may have been made holds its invoice'}
    ${[issued, voided, notWanted(1)]}            | ${'void'}               | ${'that was not made lets it be void'}
    ${[issued, voided, notWanted(2)]}            | ${{ open: 'charging' }} | ${'of another attempt says nothing of this one'}
    ${[issued, voided, submitted]}               | ${{ open: 'voiding' }}  | ${'that was made is cancelled first'}
    ${[issued, voided, submitted, notWanted(1)]} | ${{ open: 'voiding' }}  | ${'that was made was made'}
  `('M6 $why', ({ events, status }) => {
    given('invoice')
      .when(...events)
      .expect({ state: { status } })
  })

  test('that we could not make is no refusal: nobody is dunned for it', () => {
    expect(isFailing(after(issued, declined).context)).toBe(true)
    expect(isFailing(after(issued, parked).context)).toBe(false)
    given('invoice')
      .when(issued, parked)
      .expect({ state: { status: { open: 'charging' } } })
  })
})
