import { Hono } from 'hono'
import type { Json } from '../../values/json.ts'
import type { StripeObject } from '../kernel/objects.ts'
import type { Ground } from '../kernel/state.ts'
import type { ExecutorOptions } from './api/execute.ts'
import { createApi } from './api/http.ts'
import type { Part } from './api/parts.ts'
import type { BillingOptions } from './billing/billing.ts'
import { createBilling } from './billing/create-billing.ts'
import { createPrices } from './catalog/prices.ts'
import { createProducts } from './catalog/products.ts'
import { createCheckoutStore } from './checkout/checkout-records.ts'
import { createCheckout } from './checkout/checkout.tsx'
import { createCustomers } from './customers/customers.ts'
import { createPaymentMethodRoutes } from './customers/payment-method-routes.ts'
import { createWallet } from './customers/payment-methods.ts'
import { createEvents } from './events/events.ts'
import { createAuthenticationPage } from './payments/authentication-page.tsx'
import { createBalance } from './payments/balance.ts'
import { createCharges, createChargeRoutes } from './payments/charges.ts'
import { createDisputes } from './payments/disputes.ts'
import { createPaymentIntentRoutes } from './payments/payment-intent-routes.ts'
import { createPayments } from './payments/payment-intents.ts'
import { createRefunds } from './payments/refunds.ts'
import { createSetupIntents } from './payments/setup-intents.ts'

export interface AssemblyOptions extends Omit<ExecutorOptions, 'state' | 'includable'> {
  readonly state: Ground
  readonly secretKey: string
  readonly publishableKey: string
  readonly billing: Partial<BillingOptions>
  readonly publicUrl: () => string
  /** Resolves when all that was changed until now is kept; awaited before each answer. */
  readonly written: () => Promise<void>
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
  const { state, publicUrl } = options
  const wallet = createWallet(state)
  const charges = createCharges(state)
  const { payments, authentication } = createPayments(state, { wallet, charges, publicUrl })
  const setups = createSetupIntents(state, { wallet, publicUrl })
  const customers = createCustomers(state, wallet)
  const billing = createBilling({
    state,
    payments,
    setups: setups.setups,
    onCustomerDeleted: customers.onDelete,
    options: { ...options.billing, publicUrl },
  })
  const checkout = createCheckout({
    billing: billing.billing,
    sessions: createCheckoutStore(state),
    wallet,
    newCustomer: customers.create,
  })

  const parts: readonly Part[] = [
    createEvents(state),
    customers.part,
    createPaymentMethodRoutes(state, wallet),
    createPaymentIntentRoutes(state, { wallet, payments }),
    setups.part,
    createChargeRoutes(state),
    createRefunds(state, wallet),
    createDisputes(state, wallet),
    createBalance(state),
    createProducts(state),
    createPrices(state),
    {
      pages: createAuthenticationPage(state, {
        payments: authentication,
        setups: setups.authentication,
      }),
    },
    billing.part,
    checkout,
  ]
  const app = new Hono()
  app.use(async (_context, next) => {
    await next()
    await options.written()
  })
  for (const { pages } of parts) if (pages !== undefined) app.route('/', pages)
  return app.route('/', createApi({ ...options, ...merged(parts) }))
}
