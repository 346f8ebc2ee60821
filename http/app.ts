import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { createFollowing } from './actors/follow.ts'
import { mountAdminActors } from './admin/actors.ts'
import { mountAdminParked } from './admin/parked.ts'
import type { HttpDeps } from './deps.ts'
import { mountDocs } from './docs/docs.tsx'
import { mountOpenApi } from './docs/openapi.ts'
import type { App, HttpEnv } from './env.ts'
import { admit, createAdmission } from './middleware/admission.ts'
import { createKeyFinder, identify } from './middleware/auth.ts'
import { limitBody } from './middleware/body-limit.ts'
import { answerWithin } from './middleware/deadline.ts'
import { idempotent } from './middleware/idempotency.ts'
import { methodsOf } from './middleware/methods.ts'
import { observe } from './middleware/observe.ts'
import { readableBody } from './middleware/readable.ts'
import { problemOf, refuseInvalid } from './middleware/validation.ts'
import { countEvents } from './operations/count-events.ts'
import { mountHealth } from './operations/health.ts'
import { problemBody, problemType } from './problem-body.ts'
import { Problem, problems } from './problem.ts'
import { mountSandbox } from './sandbox/sandbox.ts'
import { mountAccounts } from './v1/accounts.ts'
import {
  createEntitlements,
  mountEntitlements,
  mountEntitlementsInMemory,
} from './v1/entitlements.ts'
import { mountInvoices } from './v1/invoices.ts'
import { mountPaymentMethods } from './v1/payment-methods.ts'
import { mountPlans } from './v1/plans.ts'
import { mountSubscriptionStream } from './v1/subscription-stream.ts'
import { mountSubscriptions } from './v1/subscriptions.ts'
import { mountWebhooks } from './webhooks/webhooks.ts'

/** The whole HTTP door. It opens no port and holds no state but caches: `serve.ts` listens. */
export function createApp(deps: HttpDeps): App {
  const app: App = new OpenAPIHono<HttpEnv>({ defaultHook: refuseInvalid })
  const { store, clock, limits, metrics, runtime } = deps

  app.onError((error, c) => answerProblem(c, deps, problemOf(error)))
  app.notFound((c) => answerProblem(c, deps, unknownRoute(app, c)))

  const keyOf = createKeyFinder(deps.keys)
  const entitlements = createEntitlements(deps)
  mountEntitlementsInMemory(app, deps, { cache: entitlements, keyOf })
  app.use(observe(deps))
  app.use(answerWithin({ ms: limits.answerMs, isFree: (path) => path.startsWith('/sandbox/') }))
  app.use(
    limitBody({
      limitOf: (path) => (isWebhook(path) ? limits.webhookBytes : limits.bodyBytes),
      refused: (path) => isWebhook(path) && deps.metrics.webhook('body_too_large'),
    }),
  )
  const admission = createAdmission(limits.admission, deps.lagMs)
  app.use(admit({ admission, metrics, nowMs: () => deps.timers.nowMs() }))
  metrics.watch({ ...admission, ...runtime.depths, lagMs: deps.lagMs ?? (() => 0) })
  app.use(identify(keyOf))
  app.use(readableBody(limits.bodyLevels))
  app.use(idempotent({ store, clock, leaseMs: limits.keyedRequestMs }))

  mountAccounts(app, deps)
  mountPaymentMethods(app, deps)
  mountPlans(app, deps)
  const following = createFollowing(deps)
  mountSubscriptions(app, deps, following)
  mountSubscriptionStream(app, deps, following)
  mountInvoices(app, deps)
  mountEntitlements(app, deps, entitlements)
  mountAdminActors(app, deps)
  mountAdminParked(app, deps)
  mountWebhooks(app, deps)
  countEvents(deps)
  mountSandbox(app, deps.sandbox)
  mountHealth(app, deps)
  for (const mount of deps.pages) mount(app)
  const document = mountOpenApi(app)
  mountDocs(app, document)
  return app
}

function isWebhook(path: string): boolean {
  return path.startsWith('/webhooks/')
}

function answerProblem(c: Context<HttpEnv>, { log }: HttpDeps, problem: Problem): Response {
  const { requestId } = c.var
  const status: ContentfulStatusCode = problems[problem.code].status
  if (problem.code === 'internal') {
    const { cause } = problem
    const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
    log.error('request.failed', { requestId, method: c.req.method, error: stack })
  }
  for (const [name, value] of Object.entries(problem.headers)) c.header(name, value)
  c.header('Content-Type', problemType)
  c.header('Cache-Control', 'no-store')
  return c.body(JSON.stringify(problemBody(problem, requestId)), status)
}

function unknownRoute(app: App, c: Context<HttpEnv>): Problem {
  const allowed = methodsOf(app, c.req.path)
  if (allowed.length === 0) return new Problem('route_unknown')
  return new Problem('method_not_allowed', { headers: { Allow: allowed.join(', ') } })
}
