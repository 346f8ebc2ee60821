import { type Instant, plusDays } from '../../values/instant.ts'
import type { EffectRequest } from '../effects.ts'
import { tell } from '../messages.ts'
import { mail } from './emails.ts'
import type { DunningStep } from './policy.ts'
import { type DunningChange, type DunningContext, type DunningScope, invoiceRef } from './state.ts'

// The steps of the policy: which is next, when, and what it asks for. Pure.

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
export function foldStep({ context, event }: DunningScope): DunningChange {
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

/** What the step that is being taken asks for; before `foldStep` counts it. */
export function stepEffects({ context }: DunningScope): EffectRequest[] {
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

export function requestPolicy(): EffectRequest {
  return { kind: 'policy.read', policy: 'dunning' }
}
