import { createHash } from 'node:crypto'
import type { Stripe } from 'stripe'
import type { Catalog } from '../../../machines/catalog/catalog.ts'
import type { PlanTerms } from '../../../machines/catalog/terms.ts'
import { isRefusal } from './failures.ts'

/**
 * The price at Stripe that sells exactly these terms, made if there is none. `attempt` is the
 * asking effect's: with it goes a key under which Stripe has stored a failure. Throws what the SDK
 * throws.
 */
export type EnsurePrice = (terms: PlanTerms, attempt: number) => Promise<string>

function sells(price: Stripe.Price, terms: PlanTerms): boolean {
  return (
    price.unit_amount === terms.amountMinor &&
    price.currency === terms.currency &&
    price.recurring?.interval === terms.interval &&
    price.recurring.interval_count === terms.intervalCount
  )
}

/**
 * A plan's price is found by its lookup key. One that sells other terms, for the catalog has
 * changed, loses the key to a new price; whoever has the old one keeps it. Prices that were found
 * are remembered.
 */
export function createPlans(stripe: Stripe, catalog: Catalog): EnsurePrice {
  const known = new Map<string, string>()

  async function ensureProduct({ product: key, name }: PlanTerms, attempt: number) {
    const id = `tenure_${key}`
    const product = catalog.products.find((candidate) => candidate.key === key)
    try {
      const params = { id, name: product?.name ?? name }
      await stripe.products.create(params, { idempotencyKey: `product:${id}:${attempt}` })
    } catch (error) {
      if (!isRefusal(error) || error.code !== 'resource_already_exists') throw error
    }
    return id
  }

  async function withLookupKey(plan: string): Promise<Stripe.Price | undefined> {
    const { data } = await stripe.prices.list({ lookup_keys: [plan], active: true, limit: 1 })
    return data[0]
  }

  async function create(terms: PlanTerms, previous: string | null, attempt: number) {
    const { plan, name, amountMinor, currency, interval, intervalCount } = terms
    const { id } = await stripe.prices.create(
      {
        product: await ensureProduct(terms, attempt),
        nickname: name,
        unit_amount: amountMinor,
        currency,
        recurring: { interval, interval_count: intervalCount },
        lookup_key: plan,
        ...(previous === null ? {} : { transfer_lookup_key: true }),
      },
      { idempotencyKey: `price:${digestOf(terms)}:${previous ?? 'first'}:${attempt}` },
    )
    return id
  }

  async function find(terms: PlanTerms, attempt: number): Promise<string> {
    const price = await withLookupKey(terms.plan)
    if (price !== undefined && sells(price, terms)) return price.id
    try {
      return await create(terms, price?.id ?? null, attempt)
    } catch (error) {
      // Another process may have made it since we looked.
      const since = isRefusal(error) ? await withLookupKey(terms.plan) : undefined
      if (since === undefined || !sells(since, terms)) throw error
      return since.id
    }
  }

  return async (terms, attempt) => {
    const key = digestOf(terms)
    const id = known.get(key) ?? (await find(terms, attempt))
    known.set(key, id)
    return id
  }
}

function digestOf({ plan, amountMinor, currency, interval, intervalCount }: PlanTerms): string {
  const text = [plan, amountMinor, currency, interval, intervalCount].join(' ')
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
