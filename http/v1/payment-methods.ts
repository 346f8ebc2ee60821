import { createRoute, z } from '@hono/zod-openapi'
import { Provider } from '../../machines/refs.ts'
import { ask } from '../actors/command.ts'
import { knownAccount, refOf } from '../actors/lookup.ts'
import type { HttpDeps } from '../deps.ts'
import type { App } from '../env.ts'
import { access } from '../middleware/auth.ts'
import { presentAccount, WireAccount } from '../resources/account.ts'
import { IdParams, json, jsonBody, KeyHeader, postProblemResponses } from '../resources/wire.ts'

const NewPaymentMethod = z
  .strictObject({
    provider: Provider,
    token: z
      .string()
      .regex(/^[\w-]{1,255}$/, "must be a token from the provider's own form")
      .openapi({ description: "From the provider's own form.", example: 'pm_card_visa' }),
  })
  .openapi('NewPaymentMethod')

const addPaymentMethod = createRoute({
  ...access('dashboard', 'admin'),
  method: 'post',
  path: '/v1/accounts/{id}/payment-methods',
  tags: ['Accounts'],
  summary: 'Adds a payment method, usable once the provider confirms it',
  request: { params: IdParams, headers: KeyHeader, body: jsonBody(NewPaymentMethod) },
  responses: {
    202: json(WireAccount, 'Asked for; the account as it is now'),
    ...postProblemResponses('not_found', 'not_possible_now'),
  },
})

/** The routes of this area, from which a typed client is made. */
export const paymentMethodRoutes = { addPaymentMethod } as const

export function mountPaymentMethods(app: App, deps: HttpDeps): void {
  app.openapi(addPaymentMethod, async (c) => {
    const { id } = c.req.valid('param')
    const { provider, token } = c.req.valid('json')
    await knownAccount(c, deps, id)
    const event = { type: 'payment_method.add', provider, token } as const
    const entry = await ask(c, deps, refOf('account', id), event)
    return c.json(presentAccount(entry), 202)
  })
}
