import { z } from 'zod'
import { type Catalog, termsOf } from '../../../machines/catalog/catalog.ts'
import type { PlanTerms } from '../../../machines/catalog/terms.ts'
import type { SubscriptionFacts } from '../../../machines/subscription/facts.ts'
import type { Period } from '../../../values/calendar.ts'
import type { Instant } from '../../../values/instant.ts'
import { applied, message, type Reading, type Sight } from '../message.ts'
import { OurMetadata } from '../refs.ts'
import { MaybeId, MaybeSeconds, MaybeText } from './fields.ts'

const Quantity = z.int().nonnegative().nullish()

const StripeItem = z.object({
  quantity: Quantity,
  price: z.object({ id: z.string(), lookup_key: MaybeText }).nullish(),
  // Before 2020 an item had a plan and no price.
  plan: z.object({ id: z.string() }).nullish(),
  // On the items since 2025-03-31.basil, on the subscription before.
  current_period_start: MaybeSeconds,
  current_period_end: MaybeSeconds,
})

const StripeSubscription = z.object({
  id: z.string().min(1),
  status: z.string(),
  customer: MaybeId.refine((customer) => customer !== null, 'must name a customer'),
  items: z.object({ data: z.array(StripeItem) }).nullish(),
  quantity: Quantity,
  current_period_start: MaybeSeconds,
  current_period_end: MaybeSeconds,
  cancel_at: MaybeSeconds,
  cancel_at_period_end: z.boolean().nullish(),
  canceled_at: MaybeSeconds,
  ended_at: MaybeSeconds,
  trial_end: MaybeSeconds,
  latest_invoice: MaybeId,
  metadata: OurMetadata,
})
type StripeSubscription = z.infer<typeof StripeSubscription>

function periodFrom(start: Instant | null, end: Instant | null): Period | null {
  return start === null || end === null ? null : { start, end }
}

function subscriptionFacts(subscription: StripeSubscription): SubscriptionFacts {
  const item = subscription.items?.data[0]
  const period =
    periodFrom(item?.current_period_start ?? null, item?.current_period_end ?? null) ??
    periodFrom(subscription.current_period_start, subscription.current_period_end)
  const atPeriodEnd = subscription.cancel_at_period_end === true ? (period?.end ?? null) : null
  return {
    subscription: subscription.id,
    status: subscription.status,
    price: item?.price?.id ?? item?.plan?.id ?? null,
    // A metered price has no quantity.
    quantity: item?.quantity ?? subscription.quantity ?? 1,
    period,
    cancelAt: subscription.cancel_at ?? atPeriodEnd,
    canceledAt: subscription.canceled_at,
    endedAt: subscription.ended_at,
    trialEnd: subscription.trial_end,
    latestInvoice: subscription.latest_invoice,
  }
}

/** Those of the first item whose price is a plan of the catalog. */
function termsFrom({ items }: StripeSubscription, catalog: Catalog): PlanTerms | null {
  for (const { price } of items?.data ?? []) {
    const key = price?.lookup_key ?? null
    const terms = key === null ? null : termsOf(catalog, key)
    if (terms !== null) return terms
  }
  return null
}

export function readSubscription(object: unknown, { at, read, catalog }: Sight): Reading {
  const subscription = StripeSubscription.parse(object)
  const { metadata, customer } = subscription
  return applied(
    message({
      target: { type: 'subscription', ours: metadata.subscription, theirs: subscription.id },
      event: {
        type: 'subscription.observed',
        read,
        terms: termsFrom(subscription, catalog),
        facts: subscriptionFacts(subscription),
      },
      refs: { account: { type: 'account', ours: metadata.account, theirs: customer } },
      occurredAt: at,
    }),
  )
}
