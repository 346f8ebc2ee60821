import type { EffectKind } from '../effects.ts'
import { isIn } from '../state-path.ts'
import { InvoiceContext } from './state.ts'

interface State {
  readonly value: unknown
  readonly context: unknown
}

/** What of an effect says which attempt it is of. */
interface OpenEffect {
  readonly id: string
  readonly attempt?: unknown
}

const Attempts = InvoiceContext.pick({ attempt: true, paySeq: true, voidWantedAt: true })

/**
 * What an invoice still wants of the provider (M6): the charge of the attempt that is under way and
 * no other, and none once it is to be void; its own request to pay until it is answered, the
 * cancelling of a payment while it waits to be rid of it; and, once it is void, that money which
 * came all the same goes back.
 */
export const invoiceWants = {
  'payment.charge': ({ value, context }: State, effect: OpenEffect) => {
    const { attempt, voidWantedAt } = Attempts.parse(context)
    const isUnderWay = isIn(value, 'status.open.charging') && attempt === effect.attempt
    return isUnderWay && voidWantedAt === null
  },
  'provider.pay_invoice': ({ context }: State, { id }: OpenEffect) => {
    const { paySeq } = Attempts.parse(context)
    return paySeq !== null && id.includes(`#${paySeq}.`)
  },
  'payment.refund': ({ value, context }: State) =>
    isIn(value, 'status.void') && Attempts.parse(context).voidWantedAt !== null,
  'payment_intent.cancel': ({ value }: State) =>
    isIn(value, 'status.open.releasing') || isIn(value, 'status.open.voiding'),
} as const satisfies { [Kind in EffectKind]?: (state: State, effect: OpenEffect) => boolean }
