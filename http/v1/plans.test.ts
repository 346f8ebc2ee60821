import { expect, test } from 'vitest'
import { catalogOfApi, openApi } from '../../test/harness/api.ts'
import { keyOf } from '../../test/harness/process.ts'

test('200: the catalogOfApi is shown whole, archived plans too, and says which they are', async () => {
  const { status, json } = await openApi().ask('GET /v1/plans', { key: keyOf.service })
  expect(status).toBe(200)
  expect(json).toMatchObject({
    object: 'catalog',
    features: [{ key: 'api', name: 'API access' }],
    products: [{ key: 'pro', name: 'Pro', description: null }],
  })
  expect(json['plans']).toHaveLength(catalogOfApi.plans.length)
  expect(json['plans']).toContainEqual({
    key: 'pro_old',
    product: 'pro',
    name: 'pro_old',
    price: { amount: 2900, currency: 'usd', interval: 'month', interval_count: 1 },
    trial_days: 0,
    features: { api: true },
    archived: true,
  })
})
