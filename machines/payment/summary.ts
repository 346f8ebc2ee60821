import { z } from 'zod'
import { Minor } from '../../values/money.ts'
import { PaymentRef } from '../refs.ts'
import { version } from '../shared-events.ts'

export const PaymentChanged = z.object({
  type: z.literal('payment.changed'),
  version,
  payment: PaymentRef,
  status: z.string(),
  declineCode: z.string().nullable(),
  nextActionUrl: z.string().nullable(),
  amountReceivedMinor: Minor,
  amountRefundedMinor: Minor,
  dispute: z.enum(['none', 'inquiry', 'open', 'won', 'lost']),
  /** Which of the invoice's own attempts this is; null if another channel started it. */
  attempt: z.int().positive().nullable(),
})
export type PaymentChanged = z.infer<typeof PaymentChanged>
