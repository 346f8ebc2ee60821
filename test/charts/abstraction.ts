import { isCustomerDeleted } from '../../machines/account/customers.ts'
import { expiringAt } from '../../machines/account/payment-method.ts'
import { AccountContext } from '../../machines/account/state.ts'
import { DunningContext } from '../../machines/dunning/state.ts'
import { isFailing } from '../../machines/invoice/debt.ts'
import { InvoiceContext } from '../../machines/invoice/state.ts'
import { PaymentContext } from '../../machines/payment/state.ts'
import { SubscriptionContext } from '../../machines/subscription/state.ts'
import type { ChartName } from './explore.ts'

/**
 * The abstraction of a context: what makes a difference to what can come next. Two situations with
 * an equal one are one to the walk, which so comes to an end though contexts hold times and counts.
 */
export const abstractionOf: Readonly<Record<ChartName, (context: unknown) => unknown>> = {
  account(context) {
    const { provider, customers, paymentMethods, bans, cases, subscriptions, ...rest } =
      AccountContext.parse(context)
    return [
      [rest.createdAt !== null, rest.closedAt !== null, rest.rejection?.effect],
      isCustomerDeleted({ provider, customers }),
      Object.values(paymentMethods).map(({ facts }) => [facts.attached, facts.createdAt]),
      expiringAt({ provider, customers, paymentMethods, cases }) > (rest.asOf ?? ''),
      'fraud' in bans,
      Object.values(cases).map(({ stage, enforcedAt }) => [stage, enforcedAt]),
      Object.values(subscriptions).some(({ status }) => status === 'active'),
    ]
  },
  subscription(context) {
    const { collector, providerId, endedAt, observed, invoices, ...rest } =
      SubscriptionContext.parse(context)
    return [
      [collector, providerId !== null, endedAt !== null, observed === null],
      Object.values(invoices).map(({ status, failing }) => [status, failing]),
      [rest.cancelAt !== null, rest.firstPayment !== null, rest.periodIndex === 0],
    ]
  },
  invoice(context) {
    const invoice = InvoiceContext.parse(context)
    return [
      [invoice.collector, invoice.issue?.onSession, isFailing(invoice), invoice.paySeq !== null],
      [invoice.attempt > 1, invoice.paymentIntent !== null, invoice.nextActionUrl !== null],
      [invoice.observed === null, invoice.payment?.status, invoice.payment?.declineCode],
      Object.values(invoice.payments).map(({ status }) => status),
    ]
  },
  payment(context) {
    const { intent, charges, refunds, disputes, invoice } = PaymentContext.parse(context)
    const statuses = (all: Record<string, { facts: { status: string } }>) =>
      Object.values(all).map(({ facts }) => facts.status)
    return [
      [intent?.facts.status, invoice !== null],
      Object.values(charges).map(({ facts }) => [facts.status, facts.amountRefundedMinor]),
      statuses(refunds),
      statuses(disputes),
    ]
  },
  dunning(context) {
    const { policy, nextStep, enforcedAt, invoice, declined, offered, ...rest } =
      DunningContext.parse(context)
    const isAfterOffer = declined !== null && offered !== null && declined.seq > offered.seq
    return [
      [policy !== null, nextStep, enforcedAt !== null, rest.restricted, rest.banned],
      [isAfterOffer, offered?.paymentMethod === rest.refusedMethod],
      [invoice?.status, invoice?.hardDecline, invoice?.collector],
    ]
  },
  event: () => null,
  reconciliation: () => null,
}
