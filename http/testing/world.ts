import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { defaultLimits } from '../../actors/limits.ts'
import type { Log, Performer, Store } from '../../actors/ports.ts'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { Catalog } from '../../machines/catalog/catalog.ts'
import { charts } from '../../machines/index.ts'
import { openFile } from '../../persistence/embedded/file.ts'
import { createEmbeddedStore } from '../../persistence/embedded/store.ts'
import { createStripeReceiver } from '../../providers/stripe/receive.ts'
import { createTestClock } from '../../scheduler/clock.ts'
import type { ActorRef } from '../../values/ids.ts'
import type { Instant } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import { accountsView } from '../../views/accounts.ts'
import { entitlementsView } from '../../views/entitlements.ts'
import { invoicesView } from '../../views/invoices.ts'
import { mountReturn } from '../../web/return.tsx'
import { createApp } from '../app.ts'
import type { HttpDeps } from '../deps.ts'
import { defaultHttpLimits } from '../limits.ts'
import { type ApiKey, hashOfKey } from '../middleware/auth.ts'
import { createMetrics } from '../operations/metrics.ts'
import type { Role } from '../principal.ts'
import { quickProvider } from './provider.ts'

export const webhookSecret = 'whsec_of_the_tests'

/** One key per role, and one that sees a single account. */
export const keyOf = {
  dashboard: 'key-of-the-dashboard',
  admin: 'key-of-the-admin',
  service: 'key-of-the-service',
  narrow: 'key-of-a-narrow-dashboard',
} as const

const rows: readonly [keyof typeof keyOf, Role, readonly string[] | null][] = [
  ['dashboard', 'dashboard', null],
  ['admin', 'admin', null],
  ['service', 'service', null],
  ['narrow', 'dashboard', ['acct_own']],
]

const keys: readonly ApiKey[] = rows.map(([name, role, accounts]) => ({
  name,
  role,
  hash: hashOfKey(keyOf[name]),
  accounts,
}))

export const catalog = Catalog.parse({
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

export interface Line {
  readonly level: string
  readonly event: string
  readonly fields: JsonObject
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

export type World = ReturnType<typeof openWorld>

export interface Setting {
  readonly store?: Store
  readonly sandbox?: HttpDeps['sandbox']
  readonly limits?: Partial<HttpDeps['limits']>
  readonly performer?: Performer
  readonly scheduler?: HttpDeps['scheduler']
  /** Wraps the runtime, to see or to spoil what the routes ask of it. */
  readonly runtime?: (real: Runtime) => HttpDeps['runtime']
}

/**
 * The door in front of the real runtime, charts and embedded store, with a quick provider behind.
 */
export function openWorld(setting: Setting = {}) {
  const clock = createTestClock('2027-01-01T00:00:00.000Z')
  const store = setting.store ?? createEmbeddedStore(openFile(':memory:'))
  const lines: Line[] = []
  const metrics = createMetrics()
  const runtime = createRuntime({
    store,
    charts,
    views: [accountsView, entitlementsView, invoicesView],
    performers: [setting.performer ?? quickProvider()],
    clock,
    log: logInto(lines),
    limits: defaultLimits,
    counts: metrics.runtime,
  })
  const app = createApp({
    pages: [mountReturn],
    runtime: setting.runtime?.(runtime) ?? runtime,
    store,
    charts,
    catalog,
    clock,
    log: logInto(lines),
    keys,
    limits: { ...defaultHttpLimits, lookMs: 20, ...setting.limits },
    metrics,
    stripeWebhooks: createStripeReceiver({
      secrets: [webhookSecret],
      toleranceSeconds: 300,
      accountId: null,
      livemode: false,
    }),
    sandbox: setting.sandbox ?? null,
    scheduler: setting.scheduler ?? { ready: () => Promise.resolve() },
  })

  /** `GET /v1/plans`, with the dashboard's key unless another, or none (null), is given. */
  async function ask(request: string, { key, body, headers }: Ask = {}): Promise<Answer> {
    const [method = 'GET', path = '/'] = request.split(' ')
    const bearer = key === null ? {} : { authorization: `Bearer ${key ?? keyOf.dashboard}` }
    const sent = body === undefined ? {} : { body: textOf(body) }
    const typed = body === undefined ? {} : { 'content-type': 'application/json' }
    const response = await app.request(path, {
      method,
      headers: { ...bearer, ...typed, ...headers },
      ...sent,
    })
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

  return { app, ask, tell, runtime, store, clock, lines, metrics }
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

function logInto(lines: Line[]): Log {
  const write =
    (level: string) =>
    (event: string, fields: JsonObject = {}): void => {
      lines.push({ level, event, fields })
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/** An account of this id, known to the provider. */
export async function haveAccount(world: World, id = 'acct_own'): Promise<ActorRef<'account'>> {
  const event = { type: 'account.create', email: 'ada@example.com', name: 'Ada', currency: 'usd' }
  await world.tell(`account/${id}`, { ...event, provider: 'stripe' })
  return `account/${id}`
}

/** A subscription that the provider says is active. */
export async function haveActive(world: World, id = 'sub_one', account = 'acct_own') {
  await haveAccount(world, account)
  await world.tell(`subscription/${id}`, subscriptionSays(account, 'active'))
}

/** The provider's word on a subscription of `pro_monthly`. */
export function subscriptionSays(account: string, status: string) {
  const { plans } = catalog
  const sold = plans[0]
  return {
    type: 'subscription.observed',
    read: null,
    account: `account/${account}`,
    terms: {
      plan: 'pro_monthly',
      product: 'pro',
      name: 'pro_monthly',
      amountMinor: sold?.price.amountMinor ?? 0,
      currency: 'usd',
      interval: 'month',
      intervalCount: 1,
      trialDays: 0,
      features: { api: true as const },
    },
    facts: {
      subscription: 'sub_at_provider',
      status,
      price: 'price_1',
      quantity: 1,
      period: { start: '2027-01-01T00:00:00.000Z', end: '2027-02-01T00:00:00.000Z' },
      cancelAt: null,
      canceledAt: null,
      endedAt: null,
      trialEnd: null,
      latestInvoice: 'in_one',
    },
  }
}

/** The provider's word on an invoice over 29 dollars. */
export function invoiceSays(account: string, status: string) {
  const remaining = status === 'paid' ? 0 : 2900
  return {
    type: 'invoice.observed',
    read: null,
    account: `account/${account}`,
    subscription: 'subscription/sub_one',
    facts: {
      invoice: 'in_at_provider',
      status,
      deleted: false,
      number: 'A-1',
      currency: 'usd',
      totalMinor: 2900,
      amountDueMinor: 2900,
      amountPaidMinor: 2900 - remaining,
      amountRemainingMinor: remaining,
      billingReason: 'subscription_cycle',
      collection: 'charge_automatically',
      attempted: false,
      attemptCount: 0,
      nextPaymentAttemptAt: null,
      finalizedAt: '2027-01-01T00:00:00.000Z',
      dueAt: null,
      createdAt: '2027-01-01T00:00:00.000Z',
      period: { start: '2027-01-01T00:00:00.000Z', end: '2027-02-01T00:00:00.000Z' },
      lines: [{ description: 'Pro', amountMinor: 2900, quantity: 1, period: null }],
      hostedUrl: null,
    },
    payment: null,
  }
}

/** Status, code and form of a no; the rest of its members for a closer look. */
export function noOf(answer: Answer): { status: number; code: unknown } {
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
