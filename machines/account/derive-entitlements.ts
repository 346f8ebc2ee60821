import type { Instant } from '../../values/instant.ts'
import { sameJson } from '../../values/json.ts'
import { isCustomerDeleted } from './customers.ts'
import type { Entitlement, Entitlements } from './entitlements.ts'
import { standingOf, type Standing } from './standing.ts'
import type { AccountContext } from './state.ts'

type SubscriptionSummary = AccountContext['subscriptions'][string]

/**
 * The entitlements that follow from an account's state: a pure function, so that they can be
 * rebuilt. Where two subscriptions speak of one feature, a grant beats a refusal and the larger
 * limit wins.
 */
export function deriveEntitlements(
  context: AccountContext,
  now: { at: Instant; seq: number },
): Entitlements {
  const standing = standingOf(context)
  const refusal = refusalOf(context, standing)
  const features: Entitlements['features'] = {}
  for (const summary of inOrder(context.subscriptions)) {
    for (const [feature, limit] of Object.entries(summary.terms?.features ?? {})) {
      const next = entitlementOf(summary, limit, refusal)
      const known = features[feature]
      if (known && !outranks(next, known)) continue
      features[feature] = { ...next, since: sinceOf(context.entitlements, feature, next, now.seq) }
    }
  }
  const before = context.entitlements
  const same =
    before.version > 0 && before.standing === standing && sameJson(before.features, features)
  return same ? before : { version: now.seq, at: now.at, standing, features }
}

/** Access while a renewal is unpaid is deliberate: the dunning policy's `restrict` step ends it. */
const reasonOf: Readonly<Record<string, { granted: boolean; reason: Entitlement['reason'] }>> = {
  active: { granted: true, reason: 'subscription_active' },
  trialing: { granted: true, reason: 'subscription_trialing' },
  past_due: { granted: true, reason: 'subscription_past_due' },
  incomplete: { granted: false, reason: 'subscription_incomplete' },
  incomplete_expired: { granted: false, reason: 'subscription_ended' },
  canceled: { granted: false, reason: 'subscription_ended' },
  unpaid: { granted: false, reason: 'subscription_unpaid' },
  paused: { granted: false, reason: 'subscription_paused' },
}

function refusalOf(context: AccountContext, standing: Standing): Entitlement['reason'] | null {
  if (standing === 'banned') return 'banned'
  if (standing === 'bad_debt') return 'bad_debt'
  if (Object.values(context.cases).some((dunning) => dunning.restricted)) return 'restricted'
  const isClosed = context.closedAt !== null || isCustomerDeleted(context)
  return isClosed ? 'account_closed' : null
}

function inOrder(subscriptions: AccountContext['subscriptions']): SubscriptionSummary[] {
  return Object.entries(subscriptions)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, summary]) => summary)
}

function entitlementOf(
  summary: SubscriptionSummary,
  limit: true | number,
  refusal: Entitlement['reason'] | null,
): Entitlement {
  const byStatus = reasonOf[summary.status] ?? { granted: false, reason: 'subscription_unknown' }
  const granted = byStatus.granted && refusal === null
  return {
    granted,
    limit: granted ? limit : null,
    // An ended subscription explains a refusal better than a debt does.
    reason: byStatus.granted && refusal !== null ? refusal : byStatus.reason,
    subscription: summary.subscription,
    plan: summary.terms?.plan ?? '',
  }
}

function outranks(next: Entitlement, known: Entitlement): boolean {
  if (next.granted !== known.granted) return next.granted
  return sizeOf(next.limit) > sizeOf(known.limit)
}

function sizeOf(limit: Entitlement['limit']): number {
  return limit === true ? Number.MAX_SAFE_INTEGER : (limit ?? -1)
}

/** Since which entry the feature stands as it does. */
function sinceOf(before: Entitlements, feature: string, next: Entitlement, seq: number): number {
  const known = before.features[feature]
  if (!known) return seq
  const { since, ...rest } = known
  return sameJson(rest, next) ? since : seq
}
