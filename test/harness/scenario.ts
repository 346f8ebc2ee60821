import { z } from 'zod'
import { plusDays } from '../../values/instant.ts'
import { openSystem, type System, type SystemOptions } from './system.ts'

// The words in which scenarios are told.

const Id = z.looseObject({ id: z.string() })
const Subscription = z.looseObject({
  id: z.string(),
  status: z.string(),
  next_action: z.looseObject({ redirect_url: z.string().nullable() }).nullable(),
})
const Account = z.looseObject({
  standing: z.string(),
  lifecycle: z.string(),
  payment_method_status: z.string(),
})
const Entitlements = z.looseObject({
  version: z.int(),
  features: z.record(z.string(), z.looseObject({ granted: z.boolean(), reason: z.string() })),
})
const Invoices = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), status: z.string() })),
})

export interface Customer {
  readonly system: System
  readonly account: string
  subscription: string
}

/** Somebody who signed up, and has no card yet. */
export async function aCustomer(
  options: SystemOptions & { system?: System } = {},
): Promise<Customer> {
  const system = options.system ?? (await openSystem(options))
  const answer = await system.post('dashboard', '/v1/accounts', {
    email: 'ada@example.com',
    name: 'Ada',
    currency: 'usd',
  })
  await system.settle()
  return { system, account: Id.parse(answer.body).id, subscription: '' }
}

export async function addsCard({ system, account }: Customer, token: string): Promise<void> {
  await system.post('dashboard', `/v1/accounts/${account}/payment-methods`, {
    provider: 'stripe',
    token,
  })
  await system.settle()
}

/** Asks for a plan; answers the page on which the bank wants to see the customer, if it does. */
export async function subscribes(
  customer: Customer,
  plan = 'pro_monthly',
  collection: 'provider' | 'platform' = 'provider',
): Promise<string | null> {
  const { system, account } = customer
  const wish = { account, plan, collection }
  const answer = await system.postAndSettle('dashboard', '/v1/subscriptions', wish)
  const subscription = Subscription.parse(answer.body)
  customer.subscription = subscription.id
  await system.settle()
  return subscription.next_action?.redirect_url ?? null
}

/** A customer whose first payment is confirmed. */
export async function aSubscriber(
  options: SystemOptions & { token?: string } = {},
): Promise<Customer> {
  const customer = await aCustomer(options)
  await addsCard(customer, options.token ?? 'pm_card_visa')
  await subscribes(customer)
  return customer
}

/** Lives through `days` days. */
export async function days({ system }: Customer, count: number): Promise<void> {
  await system.advanceTo(plusDays(system.clock.now(), count))
}

export interface State {
  readonly standing: string
  readonly paymentMethod: string
  readonly subscription: string
  readonly granted: readonly string[]
  readonly refusedFor: readonly string[]
  readonly invoices: readonly string[]
}

/** How the customer stands, as the API shows it. */
export async function stateOf({ system, account, subscription }: Customer): Promise<State> {
  const shown = Account.parse((await system.get('dashboard', `/v1/accounts/${account}`)).body)
  const answer = await system.get('service', `/v1/entitlements/${account}`)
  const features = Object.entries(Entitlements.parse(answer.body).features)
  const list = await system.get('dashboard', `/v1/invoices?account=${account}`)
  const status =
    subscription === ''
      ? 'none'
      : Subscription.parse(
          (await system.get('dashboard', `/v1/subscriptions/${subscription}`)).body,
        ).status
  const refused = features.flatMap(([, feature]) => (feature.granted ? [] : [feature.reason]))
  return {
    standing: shown.standing,
    paymentMethod: shown.payment_method_status,
    subscription: status,
    granted: features.flatMap(([key, feature]) => (feature.granted ? [key] : [])).sort(),
    refusedFor: [...new Set(refused)].sort(),
    invoices: Invoices.parse(list.body)
      .data.map((invoice) => invoice.status)
      .sort(),
  }
}

export const allFeatures = ['api', 'priority_support', 'projects']
