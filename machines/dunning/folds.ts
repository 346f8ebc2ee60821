import { msOf, msPerDay, plusDays, secondsOf, type Instant } from '../../values/instant.ts'
import type { EffectRequest } from '../effects.ts'
import { tell } from '../messages.ts'
import { summaryIn, type Stamped } from '../shared-events.ts'
import type { DunningEvent } from './events.ts'
import type { DunningStep } from './policy.ts'
import type { DunningContext } from './state.ts'

// What a dunning case remembers and asks for: pure.

type Event = DunningEvent & Stamped
type Change = Partial<DunningContext>
export type Scope = { context: DunningContext; event: Event }

export function emptyCase(id: string): DunningContext {
  return {
    id,
    invoice: null,
    policy: null,
    anchorAt: null,
    nextStep: 0,
    stepsTaken: [],
    restricted: false,
    banned: false,
    enforcedAt: null,
    refusedMethod: null,
    declined: null,
    offered: null,
  }
}

/**
 * Webhooks are retried for three days, and what they missed is read within another: a case that
 * opens until then keeps the days of the invoice.
 */
const lateMs = 4 * msPerDay

/**
 * From when the days are counted: when the invoice fell due. A case that could not open in time
 * counts from its opening, so that the customer has the days that the policy promises.
 */
function anchorOf(dueSince: Instant | null, openedAt: Instant): Instant {
  if (dueSince === null) return openedAt
  return msOf(openedAt) - msOf(dueSince) > lateMs ? openedAt : dueSince
}

export function isNews({ context, event }: Scope): boolean {
  return event.type === 'invoice.changed' && event.version > (context.invoice?.version ?? 0)
}

export function foldInvoice({ context, event }: Scope): Change {
  if (event.type !== 'invoice.changed' || !isNews({ context, event })) return {}
  const { at, seq } = event
  return {
    invoice: summaryIn(event),
    anchorAt: context.anchorAt ?? anchorOf(event.dueSince, at),
    declined: event.hardDecline === null ? null : { at, seq },
  }
}

/** The account's default method: the newest that it reported. */
export function foldOffered({ context, event }: Scope): Change {
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
export function foldDemand({ context, event }: Scope): Change {
  const { enforcedAt } = context
  return {
    enforcedAt: enforcedAt === null || event.at > enforcedAt ? event.at : enforcedAt,
    refusedMethod: refusedOffer(context) ?? context.refusedMethod,
  }
}

/** The step that comes next; null once the policy is through. */
export function nextStep({ policy, nextStep }: DunningContext): DunningStep | null {
  return policy?.steps[nextStep] ?? null
}

/**
 * When the next step is due: its day, counted from the case's anchor. Times of day follow from it.
 */
export function nextStepAt(context: DunningContext, now: Instant): Instant {
  const step = nextStep(context)
  if (step === null) return now
  return plusDays(context.anchorAt ?? now, step.day)
}

/** What is remembered of the step that is being taken. */
export function foldStep({ context, event }: Scope): Change {
  const step = nextStep(context)
  if (step === null) return {}
  return {
    nextStep: context.nextStep + 1,
    stepsTaken: [...context.stepsTaken, { step: context.nextStep, at: event.at }],
    restricted: context.restricted || step.do === 'restrict',
    banned: context.banned || step.do === 'ban',
    enforcedAt: step.do === 'enforce' ? (context.enforcedAt ?? event.at) : context.enforcedAt,
  }
}

export function invoiceRef(context: DunningContext): `invoice/${string}` {
  return context.invoice?.invoice ?? `invoice/${context.id}`
}

/** What the step that is being taken asks for; before `foldStep` counts it. */
export function stepEffects({ context }: Scope): EffectRequest[] {
  const step = nextStep(context)
  if (step === null) return []
  switch (step.do) {
    case 'email':
      return mail(context, step.template)
    case 'enforce':
      return context.enforcedAt === null ? mail(context, step.template) : []
    case 'retry': {
      // A provider that collects retries on its own schedule, and after a hard decline nothing
      // helps.
      const pointless =
        context.invoice?.collector === 'provider' || context.invoice?.hardDecline !== null
      const event = { type: 'charge.due', step: context.nextStep } as const
      return pointless ? [] : [tell(invoiceRef(context), event)]
    }
    case 'write_off':
      return [tell(invoiceRef(context), { type: 'invoice.written_off' })]
    case 'restrict':
    case 'ban':
      return []
  }
}

/** The policy's own demand for another payment method, taken early where retries are pointless. */
export function enforcementTemplate({ policy }: DunningContext): string | null {
  for (const step of policy?.steps ?? []) if (step.do === 'enforce') return step.template
  return null
}

export function thanks({ context }: Scope): EffectRequest[] {
  return mail(context, 'payment_recovered')
}

export function requestPolicy(): EffectRequest {
  return { kind: 'policy.read', policy: 'dunning' }
}

export function enforceNow({ context }: Scope): EffectRequest[] {
  const template = enforcementTemplate(context)
  return template === null ? [] : mail(context, template)
}

function mail(context: DunningContext, template: string): EffectRequest[] {
  const { invoice } = context
  if (!invoice?.account) return []
  return [
    {
      kind: 'email.send',
      account: invoice.account,
      template,
      data: {
        invoice: context.id,
        amountRemainingMinor: invoice.amountRemainingMinor,
        currency: invoice.currency,
      },
    },
  ]
}
