import { z } from 'zod'
import { Currency, Minor } from '../../values/money.ts'
import type { PlanTerms } from './terms.ts'

const key = z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, 'must be lower-case letters, digits and _')

/** What is sold: `catalog.json`. A plan's key is its price's `lookup_key` at the provider. */
export const Catalog = z
  .strictObject({
    features: z.array(z.strictObject({ key, name: z.string().min(1) })),
    products: z.array(
      z.strictObject({ key, name: z.string().min(1), description: z.string().optional() }),
    ),
    plans: z.array(
      z.strictObject({
        key,
        product: key,
        name: z.string().min(1),
        price: z.strictObject({
          amountMinor: Minor.nonnegative(),
          currency: Currency,
          interval: z.enum(['day', 'week', 'month', 'year']),
          intervalCount: z.int().positive().default(1),
        }),
        trialDays: z.int().nonnegative().max(730).default(0),
        /** True for unlimited use, a number for a quota. */
        features: z.record(key, z.union([z.literal(true), z.int().nonnegative()])),
        /** An archived plan keeps billing those who have it, and takes no new ones. */
        archived: z.boolean().default(false),
      }),
    ),
  })
  .check((context) => {
    const { features, products, plans } = context.value
    const fail = (path: (string | number)[], message: string) =>
      context.issues.push({ code: 'custom', message, input: context.value, path })
    for (const [name, list] of Object.entries({ features, products, plans })) {
      const keys = list.map((item) => item.key)
      keys.forEach((item, i) => {
        if (keys.indexOf(item) !== i) fail([name, i, 'key'], `is used twice: ${item}`)
      })
    }
    plans.forEach((plan, i) => {
      if (!products.some((product) => product.key === plan.product)) {
        fail(['plans', i, 'product'], `is not a product of this catalog: ${plan.product}`)
      }
      for (const feature of Object.keys(plan.features)) {
        if (!features.some((known) => known.key === feature)) {
          fail(['plans', i, 'features', feature], 'is not a feature of this catalog')
        }
      }
    })
  })
export type Catalog = z.infer<typeof Catalog>

/** The terms on which a plan is sold today; null if the catalog has no such plan. */
export function termsOf(catalog: Catalog, planKey: string): PlanTerms | null {
  const plan = catalog.plans.find((candidate) => candidate.key === planKey)
  if (!plan) return null
  return {
    plan: plan.key,
    product: plan.product,
    name: plan.name,
    ...plan.price,
    trialDays: plan.trialDays,
    features: plan.features,
  }
}
