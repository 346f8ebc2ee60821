import { Hono } from 'hono'
import type { Json } from '../../../actors/envelope.ts'
import { createAuthenticationPage } from './authentication-page.tsx'
import { createBalance } from './balance.ts'
import type { BillingOptions } from './billing.ts'
import { createCharges, createChargeRoutes } from './charges.ts'
import { createCheckout } from './checkout.tsx'
import { createCheckoutStore } from './checkout-records.ts'
import { createBilling } from './create-billing.ts'
import { createCustomers } from './customers.ts'
import { createDisputes } from './disputes.ts'
import { createEvents } from './events.ts'
import type { ExecutorOptions } from './execute.ts'
import { createApi } from './http.ts'
import type { Part } from './parts.ts'
import { createPaymentIntentRoutes } from './payment-intent-routes.ts'
import { createPayments } from './payment-intents.ts'
import { createPaymentMethodRoutes } from './payment-method-routes.ts'
import { createWallet } from './payment-methods.ts'
import { createPrices } from './prices.ts'
import { createProducts } from './products.ts'
import { createRefunds } from './refunds.ts'
import { createSetupIntents } from './setup-intents.ts'
import type { Ground, StripeObject } from './world.ts'

export interface AssemblyOptions extends Omit<ExecutorOptions, 'world' | 'includable'> {
  readonly world: Ground
  readonly secretKey: string
  readonly publishableKey: string
  readonly billing: Partial<BillingOptions>
  readonly publicUrl: () => string
}

function merged(parts: readonly Part[]) {
  const includable: Record<string, Record<string, (object: StripeObject) => Json>> = {}
  for (const part of parts)
    for (const [name, fields] of Object.entries(part.includable ?? {}))
      includable[name] = { ...includable[name], ...fields }
  return { routes: parts.flatMap((part) => part.routes ?? []), includable }
}

/** Every resource of the twin, joined to one Hono app: the API and the pages. */
export function assemble(options: AssemblyOptions): Hono {
  const { world, publicUrl } = options
  const wallet = createWallet(world)
  const charges = createCharges(world)
  const { payments, authentication } = createPayments(world, { wallet, charges, publicUrl })
  const setups = createSetupIntents(world, { wallet, publicUrl })
  const customers = createCustomers(world, wallet)
  const billing = createBilling({
    world,
    payments,
    setups: setups.setups,
    onCustomerDeleted: customers.onDelete,
    options: { ...options.billing, publicUrl },
  })
  const checkout = createCheckout({
    billing: billing.billing,
    sessions: createCheckoutStore(world),
    wallet,
    newCustomer: customers.create,
  })

  const parts: readonly Part[] = [
    createEvents(world),
    customers.part,
    createPaymentMethodRoutes(world, wallet),
    createPaymentIntentRoutes(world, { wallet, payments }),
    setups.part,
    createChargeRoutes(world),
    createRefunds(world, wallet),
    createDisputes(world, wallet),
    createBalance(world),
    createProducts(world),
    createPrices(world),
    {
      pages: createAuthenticationPage(world, {
        payments: authentication,
        setups: setups.authentication,
      }),
    },
    billing.part,
    checkout,
  ]
  const app = new Hono()
  for (const { pages } of parts) if (pages !== undefined) app.route('/', pages)
  return app.route('/', createApi({ ...options, ...merged(parts) }))
}
