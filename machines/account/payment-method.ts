import { instant, plusDays, type Instant } from '../../values/instant.ts'
import { customerOf } from './customers.ts'
import type { PaymentMethodFacts } from './facts.ts'
import type { AccountContext } from './state.ts'

type Wallet = Pick<AccountContext, 'provider' | 'customers' | 'paymentMethods' | 'cases'>

/** Of methods that do not expire, such as a bank debit. */
const never: Instant = '9999-12-31T00:00:00.000Z'

/** The first instant after a card's last month, in UTC. */
export function expiryOf({ expMonth, expYear }: PaymentMethodFacts): Instant {
  return expMonth === null || expYear === null ? never : instant(Date.UTC(expYear, expMonth, 1))
}

/** The method that a charge would use: the customer's default, else the newest that is attached. */
export function chargeableMethod(known: Wallet): PaymentMethodFacts | null {
  const customer = customerOf(known)
  if (customer === null || customer.deleted) return null
  const attached = Object.values(known.paymentMethods)
    .map((observed) => observed.facts)
    .filter((facts) => facts.attached && facts.provider === known.provider)
  const preferred = attached.find((f) => f.paymentMethod === customer.defaultPaymentMethod)
  if (preferred) return preferred
  return attached.sort((a, b) => order(b).localeCompare(order(a)))[0] ?? null
}

function order(facts: PaymentMethodFacts): string {
  return `${facts.createdAt} ${facts.paymentMethod}`
}

export function hasUsableMethod(known: Wallet, at: Instant): boolean {
  const method = chargeableMethod(known)
  return method !== null && at < expiryOf(method)
}

/** When the chargeable method expires; `never` if there is none. */
export function expiresAt(known: Wallet): Instant {
  const method = chargeableMethod(known)
  return method === null ? never : expiryOf(method)
}

/** Thirty days before it expires. */
export function expiringAt(known: Wallet): Instant {
  const at = expiresAt(known)
  return at === never ? never : plusDays(at, -30)
}

/**
 * True while dunning demands a method newer than the demand, and other than the one refused since.
 */
export function mustReplaceMethod(known: Wallet): boolean {
  const method = chargeableMethod(known)
  return Object.values(known.cases).some(({ stage, enforcedAt, refusedMethod }) => {
    if (enforcedAt === null || (stage !== 'collecting' && stage !== 'bad_debt')) return false
    return (
      method === null || method.createdAt < enforcedAt || method.paymentMethod === refusedMethod
    )
  })
}
