import type { EffectRequest } from '../effects.ts'
import type { DunningContext, DunningScope } from './state.ts'

// What a case writes to the customer: pure.

export function thanks({ context }: DunningScope): EffectRequest[] {
  return mail(context, 'payment_recovered')
}

export function mail(context: DunningContext, template: string): EffectRequest[] {
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
