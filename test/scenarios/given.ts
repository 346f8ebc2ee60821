import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { plusDays } from '../../values/instant.ts'
import { openWorld, type World, type WorldOptions } from '../world.ts'

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
  readonly world: World
  readonly account: string
  subscription: string
}

/** Somebody who signed up, and has no card yet. */
export async function aCustomer(options: WorldOptions & { world?: World } = {}): Promise<Customer> {
  const world = options.world ?? (await openWorld(options))
  const answer = await world.post('dashboard', '/v1/accounts', {
    email: 'ada@example.com',
    name: 'Ada',
    currency: 'usd',
  })
  await world.settle()
  return { world, account: Id.parse(answer.body).id, subscription: '' }
}

export async function addsCard({ world, account }: Customer, token: string): Promise<void> {
  await world.post('dashboard', `/v1/accounts/${account}/payment-methods`, {
    provider: 'stripe',
    token,
  })
  await world.settle()
}

/** Asks for a plan; answers the page on which the bank wants to see the customer, if it does. */
export async function subscribes(
  customer: Customer,
  plan = 'pro_monthly',
  collection: 'provider' | 'platform' = 'provider',
): Promise<string | null> {
  const { world, account } = customer
  let isAnswered = false
  const asking = world
    .post('dashboard', '/v1/subscriptions', { account, plan, collection })
    .finally(() => {
      isAnswered = true
    })
  // The answer waits a moment for what Stripe says, which it can only say meanwhile.
  do await world.settle()
  while (!(await after(() => isAnswered)))
  const answer = await asking
  const subscription = Subscription.parse(answer.body)
  customer.subscription = subscription.id
  await world.settle()
  return subscription.next_action?.redirect_url ?? null
}

async function after<T>(tell: () => T): Promise<T> {
  await setImmediate()
  return tell()
}

/** A customer whose first payment is confirmed. */
export async function aSubscriber(
  options: WorldOptions & { token?: string } = {},
): Promise<Customer> {
  const customer = await aCustomer(options)
  await addsCard(customer, options.token ?? 'pm_card_visa')
  await subscribes(customer)
  return customer
}

/** Lives through `days` days. */
export async function days({ world }: Customer, count: number): Promise<void> {
  await world.advanceTo(plusDays(world.clock.now(), count))
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
export async function stateOf({ world, account, subscription }: Customer): Promise<State> {
  const shown = Account.parse((await world.get('dashboard', `/v1/accounts/${account}`)).body)
  const answer = await world.get('service', `/v1/entitlements/${account}`)
  const features = Object.entries(Entitlements.parse(answer.body).features)
  const list = await world.get('dashboard', `/v1/invoices?account=${account}`)
  const status =
    subscription === ''
      ? 'none'
      : Subscription.parse((await world.get('dashboard', `/v1/subscriptions/${subscription}`)).body)
          .status
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
