import { expect, test } from 'vitest'
import { aCustomer, addsCard, allFeatures, days, stateOf, subscribes } from '../harness/scenario.ts'

test('a customer subscribes, stops paying, is banned, pays, and returns', async () => {
  const ada = await aCustomer()
  expect(await stateOf(ada)).toMatchObject({ standing: 'good', paymentMethod: 'none', granted: [] })

  await addsCard(ada, 'pm_card_authenticationRequiredOnSetup')
  const page = await subscribes(ada)
  expect(await stateOf(ada)).toMatchObject({ subscription: 'incomplete', granted: [] })
  await ada.system.authenticate(page ?? '')
  await ada.system.settle()
  expect(await stateOf(ada)).toMatchObject({ subscription: 'active', granted: allFeatures })

  await days(ada, 33)
  expect(await stateOf(ada)).toMatchObject({ subscription: 'active', invoices: ['paid', 'paid'] })

  await addsCard(ada, 'pm_card_chargeCustomerFail')
  await days(ada, 30)
  const late = { subscription: 'past_due', standing: 'delinquent', granted: allFeatures }
  expect(await stateOf(ada)).toMatchObject(late)
  await days(ada, 10)
  expect(await stateOf(ada)).toMatchObject({ standing: 'delinquent', paymentMethod: 'required' })
  await days(ada, 5)
  expect(await stateOf(ada)).toMatchObject({ standing: 'bad_debt', refusedFor: ['bad_debt'] })
  await days(ada, 5)
  expect(await stateOf(ada)).toMatchObject({ standing: 'banned', granted: [] })

  await addsCard(ada, 'pm_card_visa')
  expect(await stateOf(ada)).toStrictEqual({
    standing: 'good',
    paymentMethod: 'valid',
    subscription: 'active',
    granted: allFeatures,
    refusedFor: [],
    invoices: ['paid', 'paid', 'paid'],
  })
  await ada.system.close()
})
