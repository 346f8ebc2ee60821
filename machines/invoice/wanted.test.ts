import { describe, expect, test } from 'vitest'
import { day, invoiceIssued as issued } from '../../test/charts/given.ts'
import { stepping } from '../../test/charts/step.ts'
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

function after(...words: readonly { readonly type: string }[]) {
  const chart = stepping('invoice')
  let { snapshot } = chart.begin({ id: 'in_1' })
  for (const [index, word] of words.entries()) {
    const heard = { ...word, at: day(index), by: 'test', seq: index + 1 }
    snapshot = chart.step(snapshot, heard).snapshot
  }
  return { value: snapshot.value, context: InvoiceContext.parse(snapshot.context) }
}

const chargeOf = (attempt: number) => ({ id: `invoice/in_1#${attempt}.1`, attempt })
const wantsCharge = invoiceWants['payment.charge']

describe('a charge', () => {
  test.each`
    words                 | attempt | wanted   | why
    ${[issued]}           | ${1}    | ${true}  | ${'the attempt that is under way'}
    ${[issued]}           | ${2}    | ${false} | ${'an attempt that there is not'}
    ${[issued, declined]} | ${1}    | ${false} | ${'it was refused'}
    ${[issued, voided]}   | ${1}    | ${false} | ${'it is to be void'}
    ${[issued, parked]}   | ${1}    | ${true}  | ${'it was given up for a fault of ours, and is still due'}
  `('M6 $why: wanted $wanted', ({ words, attempt, wanted }) => {
    expect(wantsCharge(after(...words), chargeOf(attempt))).toBe(wanted)
  })

  test.each`
    words                                        | status                  | why
    ${[issued, voided]}                          | ${{ open: 'charging' }} | ${'that may have been made holds its invoice'}
    ${[issued, voided, notWanted(1)]}            | ${'void'}               | ${'that was not made lets it be void'}
    ${[issued, voided, notWanted(2)]}            | ${{ open: 'charging' }} | ${'of another attempt says nothing of this one'}
    ${[issued, voided, submitted]}               | ${{ open: 'voiding' }}  | ${'that was made is cancelled first'}
    ${[issued, voided, submitted, notWanted(1)]} | ${{ open: 'voiding' }}  | ${'that was made was made'}
  `('M6 $why', ({ words, status }) => {
    expect(after(...words).value).toMatchObject({ status })
  })

  test('that we could not make is no refusal: nobody is dunned for it', () => {
    expect(isFailing(after(issued, declined).context)).toBe(true)
    expect(isFailing(after(issued, parked).context)).toBe(false)
    expect(after(issued, parked).value).toMatchObject({ status: { open: 'charging' } })
  })
})
