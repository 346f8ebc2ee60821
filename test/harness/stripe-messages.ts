import { AccountEvent } from '../../machines/account/events.ts'
import { InvoiceEvent } from '../../machines/invoice/events.ts'
import { PaymentEvent } from '../../machines/payment/events.ts'
import { SubscriptionEvent } from '../../machines/subscription/events.ts'
import type { Message } from '../../providers/stripe/message.ts'
import { derivedRef, safeId } from '../../providers/stripe/refs.ts'
import { type ActorRef, typeOf } from '../../values/ids.ts'

const schemas: Readonly<Record<string, { safeParse(event: unknown): { success: boolean } }>> = {
  account: AccountEvent,
  subscription: SubscriptionEvent,
  invoice: InvoiceEvent,
  payment: PaymentEvent,
}

/** For tests: true if the actor would take the event. */
export function isTelling({ to, event }: { to: ActorRef; event: unknown }): boolean {
  return schemas[typeOf(to)]?.safeParse(event).success ?? false
}

/** For tests: a message with every name in it taken as it stands. */
export function resolved({ target, event, refs }: Message): { to: ActorRef; event: unknown } {
  const refOf = ({ type, ours, theirs }: Message['target']): ActorRef =>
    ours === null ? derivedRef(type, theirs) : `${type}/${safeId(ours)}`
  const names = Object.entries(refs).map(([name, ref]) => [name, ref && refOf(ref)])
  return { to: refOf(target), event: { ...event, ...Object.fromEntries(names) } }
}
