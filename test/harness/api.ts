import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Performer } from '../../actors/delivery/performer.ts'
import type { Store } from '../../actors/ports.ts'
import type { Runtime } from '../../actors/runtime.ts'
import type { HttpDeps } from '../../http/deps.ts'
import { Catalog } from '../../machines/catalog/catalog.ts'
import { openFile } from '../../persistence/embedded/file.ts'
import { createEmbeddedStore } from '../../persistence/embedded/store.ts'
import { createTestClock } from '../../scheduler/clock.ts'
import type { ActorRef } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import { answerOf } from './answering.ts'
import { createHandTimers } from './hand-timers.ts'
import { logInto, type LogLine } from './logs.ts'
import { composeProcess, keyOf } from './process.ts'
import { quickProvider } from './quick-provider.ts'

/** What the API under test sells. */
export const catalogOfApi = Catalog.parse({
  features: [{ key: 'api', name: 'API access' }],
  products: [{ key: 'pro', name: 'Pro' }],
  plans: [
    plan('pro_monthly', { currency: 'usd' }),
    plan('pro_euro', { currency: 'eur' }),
    { ...plan('pro_old', { currency: 'usd' }), archived: true },
    { ...plan('pro_trial', { currency: 'usd' }), trialDays: 14 },
  ],
})

function plan(key: string, { currency }: { currency: string }) {
  const price = { amountMinor: 2900, currency, interval: 'month' }
  return { key, product: 'pro', name: key, price, features: { api: true } }
}

export interface Ask {
  readonly key?: string | null
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as a JSON object; empty if it is none. */
  readonly json: Readonly<Record<string, unknown>>
}

export type TestApi = ReturnType<typeof openApi>

export interface ApiOptions {
  readonly store?: Store
  readonly sandbox?: HttpDeps['sandbox']
  readonly limits?: Partial<HttpDeps['limits']>
  readonly performer?: Performer
  readonly scheduler?: HttpDeps['scheduler']
  readonly access?: HttpDeps['access']
  /** Wraps the runtime, to see or to spoil what the routes ask of it. */
  readonly runtime?: (real: Runtime) => HttpDeps['runtime']
}

/**
 * The HTTP API in front of the real runtime, charts and embedded store, with a quick provider
 * behind.
 */
export function openApi(options: ApiOptions = {}) {
  const clock = createTestClock('2027-01-01T00:00:00.000Z')
  const timers = createHandTimers()
  const store = options.store ?? createEmbeddedStore(openFile(':memory:'))
  const lines: LogLine[] = []
  const performer = options.performer ?? quickProvider()
  const { app, runtime, metrics } = composeProcess({
    store,
    clock,
    timers,
    fetch: () => Promise.reject(new Error('nothing is asked of Stripe here')),
    log: logInto(lines),
    catalog: catalogOfApi,
    // It takes what needs no provider, too.
    performers: [performer, { ...performer, provider: null }],
    ...(options.limits ? { httpLimits: options.limits } : {}),
    ...(options.sandbox ? { sandbox: options.sandbox } : {}),
    ...(options.scheduler ? { scheduler: options.scheduler } : {}),
    ...(options.access ? { access: options.access } : {}),
    ...(options.runtime ? { runtimeOfRoutes: options.runtime } : {}),
  })

  /** `GET /v1/plans`, with the dashboard's key unless another, or none (null), is given. */
  async function ask(request: string, { key, body, headers }: Ask = {}): Promise<Answer> {
    const [method = 'GET', path = '/'] = request.split(' ')
    const bearer = key === null ? {} : { authorization: `Bearer ${key ?? keyOf.dashboard}` }
    const sent = body === undefined ? {} : { body: textOf(body) }
    const typed = body === undefined ? {} : { 'content-type': 'application/json' }
    const asking = Promise.resolve(
      app.request(path, {
        method,
        headers: { ...bearer, ...typed, ...headers },
        ...sent,
      }),
    )
    const response = await answerOf(asking, timers, () => runtime.idle())
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: jsonOf(text) }
  }

  /** Tells an actor what a provider would have said. */
  async function tell(to: ActorRef, event: JsonObject & { type: string }, at?: Instant) {
    const told = await runtime.tell({
      id: randomUUID(),
      to,
      event,
      source: 'provider',
      occurredAt: at ?? clock.now(),
      receivedAt: clock.now(),
      causationId: null,
      correlationId: 'test',
      principal: 'provider:stripe',
    })
    await runtime.idle()
    return told
  }

  return { app, ask, tell, runtime, store, clock, timers, lines, metrics }
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}

const AnyObject = z.record(z.string(), z.unknown())

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return AnyObject.catch({}).parse(JSON.parse(text))
  } catch {
    return {}
  }
}

/**
 * Status and code of a problem, and that it has the form of one; the rest of its members for a
 * closer look.
 */
export function problemIn(answer: Answer): { status: number; code: unknown } {
  const { status, headers, json } = answer
  const isProblem =
    headers.get('content-type') === 'application/problem+json' &&
    json['status'] === status &&
    json['type'] === `/docs/errors#${String(json['code'])}` &&
    json['instance'] === headers.get('x-request-id') &&
    typeof json['title'] === 'string' &&
    typeof json['detail'] === 'string'
  return { status, code: isProblem ? json['code'] : `not a problem: ${answer.text}` }
}

/** The pointers of an `invalid_request`. */
export function wrongFields(answer: Answer): string[] {
  const Errors = z.array(z.object({ pointer: z.string() }))
  return Errors.catch([])
    .parse(answer.json['errors'])
    .map(({ pointer }) => pointer)
}
