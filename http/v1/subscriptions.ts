import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Entry } from '../../actors/journal/journal.ts'
import { isRefusal, saleOf } from '../../machines/catalog/sale.ts'
import type { PlanTerms } from '../../machines/catalog/terms.ts'
import type { Provider } from '../../machines/refs.ts'
import { standingOf } from '../actors/checks.ts'
import { ask, newId } from '../actors/command.ts'
import type { Following } from '../actors/follow.ts'
import { knownAccount, notFound, refOf, seenSubscription } from '../actors/lookup.ts'
import type { HttpDeps } from '../deps.ts'
import type { App, HttpEnv } from '../env.ts'
import { access } from '../middleware/auth.ts'
import { refused } from '../problem.ts'
import { hasFirstWord, presentSubscription, WireSubscription } from '../resources/subscription.ts'
import {
  IdParams,
  json,
  jsonBody,
  KeyHeader,
  problemResponses,
  postProblemResponses,
} from '../resources/wire.ts'

const NewSubscription = z
  .strictObject({
    account: z.string(),
    plan: z.string().max(50).openapi({ example: 'pro_monthly' }),
    quantity: z.int().min(1).max(1_000_000).default(1),
    collection: z.enum(['provider', 'platform']).default('provider').openapi({
      description: 'Who bills: the provider on its schedule (we mirror), or the platform on ours.',
    }),
  })
  .openapi('NewSubscription')

const CancelSubscription = z
  .strictObject({
    at: z.enum(['period_end', 'now']).openapi({ description: 'When it ends.' }),
  })
  .openapi('CancelSubscription')

const createSubscription = createRoute({
  ...access('dashboard', 'admin'),
  method: 'post',
  path: '/v1/subscriptions',
  tags: ['Subscriptions'],
  summary: 'Begins a subscription, and says what the customer must do next',
  description:
    "Waits a few seconds for the provider's first word, and answers with what is known then. " +
    'Nothing is granted until the provider confirms the payment: follow the stream.',
  request: { headers: KeyHeader, body: jsonBody(NewSubscription) },
  responses: {
    202: json(WireSubscription, 'Asked for; usually incomplete, with its next action'),
    ...postProblemResponses(
      'not_found',
      'not_possible_now',
      'account_closed',
      'plan_unknown',
      'plan_archived',
      'plan_currency_mismatch',
      'trial_needs_provider',
    ),
  },
})

const getSubscription = createRoute({
  ...access('dashboard', 'admin'),
  method: 'get',
  path: '/v1/subscriptions/{id}',
  tags: ['Subscriptions'],
  summary: 'A subscription, as the provider confirmed it',
  request: { params: IdParams },
  responses: {
    200: json(WireSubscription, 'The subscription as it is now'),
    ...problemResponses('not_found'),
  },
})

const cancelSubscription = createRoute({
  ...access('dashboard', 'admin'),
  method: 'post',
  path: '/v1/subscriptions/{id}/cancel',
  tags: ['Subscriptions'],
  summary: 'Ends it, now or with the period that is paid',
  request: { params: IdParams, headers: KeyHeader, body: jsonBody(CancelSubscription) },
  responses: {
    202: json(WireSubscription, 'Asked for; the subscription as it is now'),
    ...postProblemResponses('not_found', 'not_possible_now'),
  },
})

const resumeSubscription = createRoute({
  ...access('dashboard', 'admin'),
  method: 'post',
  path: '/v1/subscriptions/{id}/resume',
  tags: ['Subscriptions'],
  summary: 'Takes back a cancellation that is scheduled',
  request: { params: IdParams, headers: KeyHeader },
  responses: {
    202: json(WireSubscription, 'Asked for; the subscription as it is now'),
    ...postProblemResponses('not_found', 'not_possible_now'),
  },
})

/** The routes of this area, from which a typed client is made. */
export const subscriptionRoutes = {
  createSubscription,
  getSubscription,
  cancelSubscription,
  resumeSubscription,
} as const

export function mountSubscriptions(app: App, deps: HttpDeps, following: Following): void {
  app.openapi(createSubscription, async (c) => {
    const wanted = c.req.valid('json')
    const to = refOf('subscription', newId(c, 'sub'))
    // A repeated request that crashed on its way may find its own first try, which no check refuses
    // now.
    if ((await deps.runtime.read(to)) === null) {
      const account = await knownAccount(c, deps, wanted.account)
      const known = standingOf(account)
      const terms = saleOf(deps.catalog, wanted.plan, known)
      if (isRefusal(terms)) throw refused(terms)
      const provider = known.context.provider ?? deps.provider
      await ask(c, deps, to, creation(wanted, { terms, provider }))
    }
    const entry = await following.readWhen(to, hasFirstWord)
    const shown = entry && presentSubscription(entry)
    if (!shown) throw notFound()
    return c.json(shown, 202)
  })

  app.openapi(getSubscription, async (c) => {
    const { shown } = await seenSubscription(c, deps, c.req.valid('param').id)
    return c.json(shown, 200)
  })

  app.openapi(cancelSubscription, async (c) => {
    const to = await existing(c, deps, c.req.valid('param').id)
    const { at: when } = c.req.valid('json')
    return c.json(shownAfter(await ask(c, deps, to, { type: 'subscription.cancel', when })), 202)
  })

  app.openapi(resumeSubscription, async (c) => {
    const to = await existing(c, deps, c.req.valid('param').id)
    return c.json(shownAfter(await ask(c, deps, to, { type: 'subscription.resume' })), 202)
  })
}

function creation(
  wanted: z.infer<typeof NewSubscription>,
  { terms, provider }: { terms: PlanTerms; provider: Provider },
) {
  return {
    type: 'subscription.create',
    account: refOf('account', wanted.account),
    terms,
    quantity: wanted.quantity,
    collector: wanted.collection,
    provider,
  } as const
}

/** The actor of a subscription that the caller may see. */
async function existing(c: Pick<Context<HttpEnv>, 'var'>, deps: HttpDeps, id: string) {
  const { shown } = await seenSubscription(c, deps, id)
  return refOf('subscription', shown.id)
}

function shownAfter(entry: Entry): WireSubscription {
  const shown = presentSubscription(entry)
  if (!shown) throw notFound()
  return shown
}
