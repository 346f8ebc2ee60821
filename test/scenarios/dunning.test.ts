import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DunningContext } from '../../machines/dunning/state.ts'
import { plusDays, type Instant } from '../../values/instant.ts'
import {
  aCustomer,
  addsCard,
  allFeatures,
  aSubscriber,
  days,
  stateOf,
  subscribes,
  type Customer,
} from '../harness/scenario.ts'
import { newest } from './canonical.ts'
import { underSchedules } from './schedules.ts'

// Invoices that are not paid: what is done on which day, and that nothing is promised that cannot
// help.

const ShownInvoice = z.looseObject({
  status: z.string(),
  attempt_count: z.int(),
  next_payment_attempt_at: z.string().nullable(),
})

/** The newest invoice, as the API shows it. */
async function unpaidInvoice({ system, account }: Customer) {
  const list = await system.get('dashboard', `/v1/invoices?account=${account}`)
  const { data } = z
    .looseObject({ data: z.array(z.looseObject({ id: z.string() })) })
    .parse(list.body)
  const shown = await Promise.all(
    data.map(async ({ id }) =>
      ShownInvoice.parse((await system.get('dashboard', `/v1/invoices/${id}`)).body),
    ),
  )
  return shown.find(({ status }) => status !== 'paid')
}

/** The steps that its case has taken: what, and on which day after the invoice fell due. */
async function stepsOf({ system }: Customer): Promise<string[]> {
  const [entry] = await newest(system, 'dunning')
  const { policy, stepsTaken, invoice } = DunningContext.parse(entry?.snapshot.state['context'])
  const due: Instant = invoice?.dueSince ?? '0000-01-01T00:00:00.000Z'
  return stepsTaken.map(({ step, at }) => {
    const { do: what, day } = policy?.steps[step] ?? { do: 'nothing', day: 0 }
    return at === plusDays(due, day) ? `${what} on day ${day}` : `${what} at ${at}`
  })
}

async function detachesCard({ system, account }: Customer): Promise<void> {
  const answer = await system.get('dashboard', `/v1/accounts/${account}`)
  const { payment_methods } = z
    .looseObject({ payment_methods: z.array(z.looseObject({ id: z.string() })) })
    .parse(answer.body)
  for (const { id } of payment_methods) await system.stripe.paymentMethods.detach(id)
  await system.settle()
}

describe('27 the bank refuses for good', () => {
  test('no retry is shown, another card is demanded at once, Stripe’s count still rises', async () => {
    await underSchedules(8, {
      async lives(options) {
        const ada = await aSubscriber(options)
        await days(ada, 20)
        await addsCard(ada, 'pm_card_riskLevelHighest')
        await days(ada, 11 + 6)
        return ada
      },
      async ends(ada) {
        expect(await stateOf(ada)).toMatchObject({
          standing: 'delinquent',
          paymentMethod: 'required',
          subscription: 'past_due',
          granted: allFeatures,
        })
        const invoice = await unpaidInvoice(ada)
        expect(invoice?.attempt_count).toBeGreaterThan(2)
        expect(invoice?.next_payment_attempt_at).toBeNull()
        const demands = ada.system
          .mails()
          .filter(({ template }) => template === 'payment_method_required')
        expect(demands).toHaveLength(1)
      },
    })
  })

  test('the demand is made on the day of the refusal', async () => {
    const ada = await aSubscriber()
    await days(ada, 20)
    await addsCard(ada, 'pm_card_riskLevelHighest')
    await days(ada, 11.1)
    expect(await stateOf(ada)).toMatchObject({ paymentMethod: 'required' })
    await addsCard(ada, 'pm_card_visa')
    expect(await stateOf(ada)).toMatchObject({
      standing: 'good',
      paymentMethod: 'valid',
      invoices: ['paid', 'paid'],
    })
    await ada.system.close()
  })

  test('the platform does not send the refused card again', async () => {
    await underSchedules(6, {
      async lives(options) {
        const ada = await aCustomer(options)
        await addsCard(ada, 'pm_card_visa')
        await subscribes(ada, 'pro_monthly', 'platform')
        await days(ada, 20)
        await addsCard(ada, 'pm_card_riskLevelHighest')
        await days(ada, 11 + 15)
        return ada
      },
      async ends(ada) {
        expect(await stateOf(ada)).toMatchObject({
          standing: 'bad_debt',
          paymentMethod: 'required',
          subscription: 'unpaid',
        })
        const { data } = await ada.system.stripe.paymentIntents.list({ limit: 100 })
        expect(data).toHaveLength(2)
      },
    })
  })
})

describe('28 there is no payment method at all', () => {
  test.each([{ collection: 'provider' as const }, { collection: 'platform' as const }])(
    'time takes every step, and the debt is bad on its day, though nothing was tried ($collection)',
    async ({ collection }) => {
      await underSchedules(6, {
        async lives(options) {
          const ada = await aCustomer(options)
          await addsCard(ada, 'pm_card_visa')
          await subscribes(ada, 'pro_monthly', collection)
          await days(ada, 20)
          await detachesCard(ada)
          await days(ada, 11 + 15)
          return ada
        },
        async ends(ada) {
          expect(await stateOf(ada)).toMatchObject({
            standing: 'bad_debt',
            paymentMethod: 'required',
            granted: [],
          })
          const charges = await ada.system.stripe.charges.list({ limit: 100 })
          expect(charges.data).toHaveLength(1)
        },
      })
    },
  )

  test('each step is taken on its day', async () => {
    const ada = await aSubscriber()
    await days(ada, 20)
    await detachesCard(ada)
    await days(ada, 11 + 21)
    expect(await stepsOf(ada)).toStrictEqual([
      'email on day 0',
      'retry on day 2',
      'retry on day 5',
      'email on day 5',
      'retry on day 9',
      'enforce on day 10',
      'retry on day 14',
      'write_off on day 15',
      'email on day 15',
      'ban on day 20',
      'email on day 20',
    ])
    await ada.system.close()
  })
})

describe('a debt that Stripe collects', () => {
  test('bans on its day, and is recovered by a new card, however its webhooks come', async () => {
    await underSchedules(8, {
      // How often Stripe tried depends on when we learn of the failure and offer the new card.
      sameFacts: false,
      async lives(options) {
        const ada = await aSubscriber(options)
        await days(ada, 25)
        await addsCard(ada, 'pm_card_chargeCustomerFail')
        await days(ada, 6 + 21 + 4)
        expect(await stateOf(ada)).toMatchObject({ standing: 'banned', granted: [] })
        await addsCard(ada, 'pm_card_visa')
        await days(ada, 1)
        return ada
      },
      async ends(ada) {
        expect(await stateOf(ada)).toMatchObject({
          standing: 'good',
          paymentMethod: 'valid',
          subscription: 'active',
          granted: allFeatures,
          refusedFor: [],
        })
      },
    })
  })
})
