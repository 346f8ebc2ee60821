import { secondsOf } from '../../values/instant.ts'
import type { EffectRequest } from '../effects.ts'
import { mail } from './emails.ts'
import type { DunningChange, DunningContext, DunningScope } from './state.ts'

// When the customer is asked for another payment method, ahead of the policy's day: pure.

/** The account's default method: the newest that it reported. */
export function foldOffered({ context, event }: DunningScope): DunningChange {
  if (event.type !== 'payment_method.available') return {}
  const { paymentMethod, version, at, seq } = event
  if (version <= (context.offered?.version ?? 0)) return {}
  return { offered: { paymentMethod, version, at, seq } }
}

/**
 * The offered method was refused for good: the refusal was told after it, and did not happen
 * before.
 */
function refusedOffer({ declined, offered }: DunningContext): string | null {
  if (declined === null || offered === null || declined.seq < offered.seq) return null
  return secondsOf(declined.at) < secondsOf(offered.at) ? null : offered.paymentMethod
}

/**
 * The bank has refused for good, and nobody has asked the customer for another card than this one:
 * not yet at all, or not since they gave this one.
 */
export function mustDemandMethod(context: DunningContext): boolean {
  if (context.declined === null || enforcementTemplate(context) === null) return false
  const refused = refusedOffer(context)
  return context.enforcedAt === null || (refused !== null && refused !== context.refusedMethod)
}

/** What is remembered of a demand for another method. */
export function foldDemand({ context, event }: DunningScope): DunningChange {
  const { enforcedAt } = context
  return {
    enforcedAt: enforcedAt === null || event.at > enforcedAt ? event.at : enforcedAt,
    refusedMethod: refusedOffer(context) ?? context.refusedMethod,
  }
}

/** The policy's own demand for another payment method, taken early where retries are pointless. */
export function enforcementTemplate({ policy }: DunningContext): string | null {
  for (const step of policy?.steps ?? []) if (step.do === 'enforce') return step.template
  return null
}

export function enforceNow({ context }: DunningScope): EffectRequest[] {
  const template = enforcementTemplate(context)
  return template === null ? [] : mail(context, template)
}
