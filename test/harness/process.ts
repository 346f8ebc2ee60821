import { defaultLimits, type Limits } from '../../actors/limits.ts'
import type { Runtime } from '../../actors/runtime.ts'
import { composeApp, composeEngine, type AppParts, type EngineParts } from '../../app/compose.ts'
import catalogJson from '../../catalog.json' with { type: 'json' }
import policyJson from '../../dunning-policy.json' with { type: 'json' }
import { defaultHttpLimits } from '../../http/limits.ts'
import { type ApiKey, hashOfKey } from '../../http/middleware/auth.ts'
import { createMetrics } from '../../http/operations/metrics.ts'
import type { Role } from '../../http/principal.ts'
import { Catalog } from '../../machines/catalog/catalog.ts'
import { DunningPolicy } from '../../machines/dunning/policy.ts'
import { createOutbox } from '../../providers/mail/outbox.ts'
import type { FetchLike } from '../../providers/stripe/client.ts'
import { createReadBudget, type ReadBudgetOptions } from '../../providers/stripe/read-budget.ts'
import { createHandTimers } from './hand-timers.ts'
import { silentLog } from './logs.ts'
import { clientOfTwin, webhookSecret } from './twin.ts'

/** One key for each role, and one that sees a single account. */
export const keyOf = {
  dashboard: 'key-of-the-dashboard',
  admin: 'key-of-the-admin',
  service: 'key-of-the-service',
  narrow: 'key-of-a-narrow-dashboard',
} as const

const rows: readonly (readonly [keyof typeof keyOf, Role, readonly string[] | null])[] = [
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

/** What `catalog.json` sells, and how `dunning-policy.json` asks for money. */
export const catalog = Catalog.parse(catalogJson)
export const policy = DunningPolicy.parse(policyJson)

type OwnParts = Partial<Omit<EngineParts, 'store' | 'clock' | 'limits' | 'stripe' | 'reads'>> &
  Partial<Pick<AppParts, 'sandbox' | 'scheduler' | 'access' | 'timers'>>

export interface ProcessParts extends OwnParts {
  readonly store: EngineParts['store']
  readonly clock: EngineParts['clock']
  /** The way to Stripe. */
  readonly fetch: FetchLike
  readonly limits?: Partial<Limits>
  readonly readBudget?: ReadBudgetOptions
  readonly httpLimits?: Partial<AppParts['limits']>
  /** What the routes are given in place of the runtime: to see or to spoil what they ask of it. */
  readonly runtimeOfRoutes?: (real: Runtime) => AppParts['runtime']
}

export type TestProcess = ReturnType<typeof composeProcess>

/**
 * One process of the platform as `app/open.ts` has it, from the same parts; only what a test does
 * not give is filled in here. Nothing in it waits for real time.
 */
export function composeProcess(own: ProcessParts) {
  const timers = own.timers ?? createHandTimers()
  const log = own.log ?? silentLog
  const parts: EngineParts = {
    metrics: createMetrics(),
    catalog,
    policy,
    webhooks: webhooksOf([webhookSecret]),
    returnUrl: 'http://tenure.test/return',
    mailer: createOutbox({ log, limit: 10_000 }),
    ...own,
    log,
    limits: { ...defaultLimits, storePauseMs: 0, ...own.limits },
    stripe: clientOfTwin(own.fetch),
    reads: createReadBudget(own.readBudget ?? { perSecond: 1_000, burst: 1_000 }),
  }
  const engine = composeEngine(parts)
  const app = composeApp(parts, {
    runtime: own.runtimeOfRoutes?.(engine.runtime) ?? engine.runtime,
    receiver: engine.receiver,
    keys,
    limits: { ...defaultHttpLimits, ...own.httpLimits },
    sandbox: own.sandbox ?? null,
    access: own.access ?? engine.access,
    scheduler: own.scheduler ?? { ready: () => Promise.resolve() },
    timers,
  })
  return { ...engine, app, metrics: parts.metrics }
}

/** Believes what is signed with one of these secrets. */
export function webhooksOf(secrets: readonly string[]): EngineParts['webhooks'] {
  return { secrets, toleranceSeconds: 300, accountId: null, livemode: false }
}
