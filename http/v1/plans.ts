import { createRoute, z } from '@hono/zod-openapi'
import type { Catalog } from '../../machines/catalog/catalog.ts'
import type { HttpDeps } from '../deps.ts'
import type { App } from '../env.ts'
import { access } from '../middleware/auth.ts'
import { json, problemResponses, WireAmount, WireCurrency } from '../resources/wire.ts'

const limit = z.union([z.literal(true), z.int()])

const WireCatalog = z
  .object({
    object: z.literal('catalog'),
    features: z.array(z.object({ key: z.string(), name: z.string() })),
    products: z.array(
      z.object({ key: z.string(), name: z.string(), description: z.string().nullable() }),
    ),
    plans: z.array(
      z
        .object({
          key: z.string(),
          product: z.string(),
          name: z.string(),
          price: z.object({
            amount: WireAmount,
            currency: WireCurrency,
            interval: z.enum(['day', 'week', 'month', 'year']),
            interval_count: z.int(),
          }),
          trial_days: z.int(),
          features: z.record(z.string(), limit).openapi({
            description: 'True for unlimited use, a number for a quota.',
          }),
          archived: z.boolean(),
        })
        .openapi('Plan'),
    ),
  })
  .openapi('Catalog')

const listPlans = createRoute({
  ...access('dashboard', 'admin', 'service'),
  method: 'get',
  path: '/v1/plans',
  tags: ['Plans'],
  summary: 'The catalog: products, plans, prices and features',
  responses: { 200: json(WireCatalog, 'The whole catalog'), ...problemResponses() },
})

/** The routes of this area, from which a typed client is made. */
export const planRoutes = { listPlans } as const

export function mountPlans(app: App, { catalog }: HttpDeps): void {
  const shown = present(catalog)
  app.openapi(listPlans, (c) => c.json(shown, 200))
}

function present({ features, products, plans }: Catalog): z.infer<typeof WireCatalog> {
  return {
    object: 'catalog',
    features: features.map(({ key, name }) => ({ key, name })),
    products: products.map(({ key, name, description }) => ({
      key,
      name,
      description: description ?? null,
    })),
    plans: plans.map((plan) => ({
      key: plan.key,
      product: plan.product,
      name: plan.name,
      price: {
        amount: plan.price.amountMinor,
        currency: plan.price.currency,
        interval: plan.price.interval,
        interval_count: plan.price.intervalCount,
      },
      trial_days: plan.trialDays,
      features: plan.features,
      archived: plan.archived,
    })),
  }
}
