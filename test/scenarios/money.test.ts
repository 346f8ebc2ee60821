import { describe, expect, test } from 'vitest'
import { aSubscriber, days, stateOf } from '../harness/scenario.ts'
import { ledgerOf } from './ledger.ts'
import { underSchedules } from './schedules.ts'

// M3: after every story here the ledger balances, and its cash is the provider's.

describe('M3 refunds', () => {
  test('in parts, of which one is too much, are booked once each', async () => {
    await underSchedules(10, {
      async lives(options) {
        const ada = await aSubscriber(options)
        const { stripe } = ada.system
        await days(ada, 2)
        const [charge] = (await stripe.charges.list()).data
        const refund = (amount: number) =>
          stripe.refunds.create({ charge: charge?.id ?? '', amount }).catch(() => null)
        await refund(900)
        await days(ada, 1)
        await Promise.all([refund(1500), refund(1500)])
        await days(ada, 2)
        return ada
      },
      async ends(ada) {
        expect(await ledgerOf(ada.system)).toStrictEqual({
          customers: -2900,
          provider: 500,
          refunds: 2400,
        })
        expect(await stateOf(ada)).toMatchObject({ subscription: 'active', invoices: ['paid'] })
      },
    })
  })

  test('that fail days later come back', async () => {
    await underSchedules(10, {
      async lives(options) {
        const ada = await aSubscriber({ ...options, token: 'pm_card_refundFail' })
        const { stripe } = ada.system
        const [charge] = (await stripe.charges.list()).data
        await stripe.refunds.create({ charge: charge?.id ?? '', amount: 1000 })
        await days(ada, 5)
        return ada
      },
      async ends(ada) {
        const { refunds } = ada.system.stripe
        expect((await refunds.list()).data.map(({ status }) => status)).toStrictEqual(['failed'])
        expect(await ledgerOf(ada.system)).toMatchObject({ provider: 2900, customers: -2900 })
      },
    })
  })
})

describe('M3 disputes', () => {
  test.each([
    { evidence: 'winning_evidence', provider: 2900, losses: 0, ends: 'won' },
    { evidence: 'losing_evidence', provider: 0, losses: 2900, ends: 'lost' },
    { evidence: null, provider: 0, losses: 2900, ends: 'lost for want of an answer' },
  ])('that are $ends are booked once', async ({ evidence, provider, losses }) => {
    await underSchedules(6, {
      async lives(options) {
        const ada = await aSubscriber({ ...options, token: 'pm_card_createDispute' })
        const { stripe } = ada.system
        await days(ada, 1)
        const [dispute] = (await stripe.disputes.list()).data
        if (evidence !== null) {
          await stripe.disputes.update(dispute?.id ?? '', {
            evidence: { uncategorized_text: evidence },
            submit: true,
          })
        }
        await days(ada, 9)
        return ada
      },
      async ends(ada) {
        const ledger = await ledgerOf(ada.system)
        expect(ledger['provider']).toBe(provider)
        expect(ledger['disputed']).toBe(0)
        expect(ledger['dispute_losses'] ?? 0).toBe(losses)
      },
    })
  })

  test('that a refund has preceded take nothing twice', async () => {
    await underSchedules(6, {
      async lives(options) {
        const ada = await aSubscriber({ ...options, token: 'pm_card_createDisputeInquiry' })
        const { stripe } = ada.system
        await days(ada, 1)
        const [charge] = (await stripe.charges.list()).data
        await stripe.refunds.create({ charge: charge?.id ?? '' })
        await days(ada, 40)
        return ada
      },
      async ends(ada) {
        const ledger = await ledgerOf(ada.system)
        expect(ledger['dispute_losses'] ?? 0).toBe(0)
        expect(ledger['refunds']).toBe(2900)
      },
    })
  })
})
