import { createHash, timingSafeEqual } from 'node:crypto'
import { Hono, type Context } from 'hono'
import { JsonObject } from '../../../values/json.ts'
import { apiVersion } from '../../kernel/state.ts'
import { createExecutor, failureAnswer, type ExecutorOptions } from './execute.ts'
import { StripeFailure } from './failure.ts'
import { decodeForm } from './forms.ts'
import type { Answer } from './idempotency.ts'
import type { Route } from './parts.ts'

// How a resource joins the API: its file exports `createX(state, …)`, which returns a `Part`
// (parts.ts) with a table of routes, and `assemble.ts` lists the parts. This file serves such
// tables under Stripe's rules for keys, versions and errors; `execute.ts` runs each call.

export interface ApiOptions extends ExecutorOptions {
  readonly routes: readonly Route[]
  readonly secretKey: string
  readonly publishableKey: string
}

function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** The API key of a `Bearer` or, as curl's `-u key:` sends it, a `Basic` header. */
function keyOf(header: string): string {
  const [scheme = '', value = ''] = header.split(' ')
  if (scheme.toLowerCase() !== 'basic') return value
  return Buffer.from(value, 'base64').toString('utf8').split(':')[0] ?? ''
}

async function inputOf({ req }: Context): Promise<JsonObject> {
  const query = decodeForm(new URL(req.url).search)
  if (req.method === 'GET') return query
  const body = await req.text()
  if (!req.header('content-type')?.includes('json')) return { ...query, ...decodeForm(body) }
  try {
    const parsed: unknown = JSON.parse(body === '' ? '{}' : body)
    return JsonObject.parse(parsed)
  } catch (cause) {
    const message = 'The request body is not a JSON object.'
    throw new StripeFailure(400, { type: 'invalid_request_error', message }, { early: true, cause })
  }
}

function unauthorized(key: string): StripeFailure {
  const message =
    key === ''
      ? 'You did not provide an API key. Send it in the Authorization header: Bearer <key>.'
      : 'Invalid API Key provided. Use the key that the sandbox was started with.'
  return new StripeFailure(401, { type: 'invalid_request_error', message }, { early: true })
}

function unknownUrl({ req }: Context): StripeFailure {
  return new StripeFailure(404, {
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${req.method}: ${req.path}), or one that the sandbox does not simulate.`,
  })
}

/** The API, to be mounted at `/`. Whatever it throws inside is answered as Stripe would. */
export function createApi(options: ApiOptions): Hono {
  const { state } = options
  const execute = createExecutor(options)
  const app = new Hono()

  function isClient(context: Context, route: Route): boolean {
    const key = keyOf(context.req.header('authorization') ?? '')
    if (same(key, options.secretKey)) return false
    if (!same(key, options.publishableKey)) throw unauthorized(key)
    if (route.client === true) return true
    throw new StripeFailure(
      403,
      {
        type: 'invalid_request_error',
        message:
          'This API call cannot be made with a publishable API key. Please use a secret API key.',
      },
      { early: true },
    )
  }

  function respond(context: Context, requestId: string, answer: Answer & { replayed?: boolean }) {
    return new Response(answer.body, {
      status: answer.status,
      headers: {
        'Content-Type': 'application/json',
        'Request-Id': requestId,
        'Stripe-Version': context.req.header('stripe-version') ?? apiVersion,
        Date: new Date(state.now() * 1000).toUTCString(),
        ...(answer.replayed === true ? { 'Idempotent-Replayed': 'true' } : {}),
      },
    })
  }

  async function handle(context: Context, route: Route): Promise<Response> {
    const requestId = state.unit(() => state.newId('req'))
    try {
      const byClient = isClient(context, route)
      const param = (name: string) => context.req.param(name) ?? ''
      const key = context.req.header('idempotency-key') ?? null
      const { method, path } = context.req
      const input = await inputOf(context)
      const idempotencyKey = method === 'POST' ? key : null
      const call = { requestId, route, method, path, param, input, byClient, idempotencyKey }
      return respond(context, requestId, await execute(call))
    } catch (error) {
      if (!(error instanceof StripeFailure)) throw error
      return respond(context, requestId, failureAnswer(error))
    }
  }

  for (const route of options.routes)
    app.on(route.method, route.path, (context) => handle(context, route))
  for (const path of ['/v1/*', '/v2/*'])
    app.all(path, (context) => respond(context, 'req_none', failureAnswer(unknownUrl(context))))
  return app
}
