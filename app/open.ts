import { join } from 'node:path'
import { MongoBackend } from '@agendajs/mongo-backend'
import type { Clock, Log } from '../actors/ports.ts'
import type { Runtime } from '../actors/runtime.ts'
import type { HttpLimits } from '../http/limits.ts'
import { JobsLate } from '../http/operations/checks.ts'
import { watchLag } from '../http/operations/lag.ts'
import { createMetrics } from '../http/operations/metrics.ts'
import { listen } from '../http/serve.ts'
import { systemTimers } from '../http/timers.ts'
import { Catalog } from '../machines/catalog/catalog.ts'
import { DunningPolicy } from '../machines/dunning/policy.ts'
import type { StoreIdentity } from '../persistence/identity.ts'
import { openStore, type OpenedStore } from '../persistence/open.ts'
import { createOutbox } from '../providers/mail/outbox.ts'
import { createStripeClient } from '../providers/stripe/client.ts'
import { createReadBudget } from '../providers/stripe/read-budget.ts'
import type { ReceiverOptions } from '../providers/stripe/receive.ts'
import type { Reconciliation } from '../providers/stripe/reconciliation.ts'
import { createScheduler, type Scheduler } from '../scheduler/agenda.ts'
import { computerClock, systemClock } from '../scheduler/clock.ts'
import { createEmbeddedBackend } from '../scheduler/embedded-backend.ts'
import { jobsOf, jobTimings, type JobName } from '../scheduler/jobs.ts'
import { plusDays } from '../values/instant.ts'
import { composeApp, composeEngine, type EngineParts } from './compose.ts'
import { prepareDataFolder, readSetting, type Config } from './config.ts'
import { dictionaries } from './dictionaries.ts'
import type { SandboxHome } from './sandbox/home.ts'
import {
  closeSandbox,
  openSandbox,
  openTravel,
  sandboxKeys,
  type RunningSandbox,
} from './sandbox/open.ts'

/** A running Tenure. */
export interface Platform {
  readonly url: string
  /** What the sandbox prints for people; null where a real provider is used. */
  readonly sandbox: { readonly stripeUrl: string; readonly home: SandboxHome } | null
  stop(): Promise<void>
}

/**
 * Longer than the thirty days for which Stripe lists its events: a copy that comes in them is
 * known.
 */
const webhookDays = 35

/** Longer than any call that is under way when a process is asked to stop. */
const graceMs = 10_000

/**
 * Opens every adapter that the configuration names, joins them, and listens. What a person can mend
 * is thrown with a `code` and a message that says how: ConfigInvalid, PortUnavailable, StoreOwned,
 * StoreUnavailable.
 */
export async function openPlatform(config: Config, log: Log): Promise<Platform> {
  const catalog = readSetting('TENURE_CATALOG', config.catalogPath, Catalog)
  const policy = readSetting('TENURE_DUNNING_POLICY', config.policyPath, DunningPolicy)
  prepareDataFolder(config)
  const opened = await openStore({
    mongodbUri: config.store.kind === 'mongo' ? config.store.uri : null,
    path: join(config.dataFolder, 'tenure.db'),
    dictionaries,
  })
  const closers: (() => Promise<void> | void)[] = [() => opened.store.close()]
  const closeAll = async () => {
    for (const close of closers.toReversed()) await close()
  }
  try {
    return await start({ config, log, catalog, policy, opened, closers, closeAll })
  } catch (error) {
    await closeAll()
    throw error
  }
}

interface StartParts {
  readonly config: Config
  readonly log: Log
  readonly catalog: Catalog
  readonly policy: DunningPolicy
  readonly opened: OpenedStore
  readonly closers: (() => Promise<void> | void)[]
  readonly closeAll: () => Promise<void>
}

async function start(starting: StartParts): Promise<Platform> {
  const { config, log, catalog, policy, opened, closers, closeAll } = starting
  const system = systemClock()
  const address = { webhookUrl: '' }
  const sandbox =
    config.provider.mode === 'sandbox' ? await openSandbox({ config, log, system, address }) : null
  if (sandbox) closers.push(() => closeSandbox(sandbox, graceMs))
  await opened.belongTo(identityOf(config, sandbox))
  const clock: Clock = sandbox?.home.clock ?? system
  const stripe = createStripeClient({
    ...stripeAccess(config, sandbox),
    timeoutMs: 30_000,
    maxNetworkRetries: 0,
  })
  // A quarter of what Stripe allows in live mode, reconciliation included: reads never starve
  // commands.
  const reads = createReadBudget(
    sandbox ? { perSecond: 1_000, burst: 1_000 } : { perSecond: 25, burst: 50 },
  )
  const parts: EngineParts = {
    store: opened.store,
    clock,
    log,
    limits: config.limits,
    metrics: createMetrics(),
    catalog,
    policy,
    stripe,
    reads,
    webhooks: webhookTrust(config, sandbox),
    returnUrl: `${config.http.publicUrl}/return`,
    mailer: createOutbox({ log, limit: 1_000 }),
  }
  const { runtime, receiver, reconciliation, access } = composeEngine(parts)
  closers.push(() => runtime.stop())
  const scheduler = openScheduler({ log, opened, clock, runtime, reconciliation })
  closers.push(() => scheduler.stop())
  const travel =
    sandbox &&
    openTravel({
      sandbox,
      store: opened.store,
      runtime,
      fireDueTimers: () => scheduler.runNow('timers'),
    })

  const lag = watchLag()
  closers.push(() => lag.stop())
  const app = composeApp(parts, {
    runtime,
    receiver,
    keys: [...config.keys, ...(sandbox ? sandboxKeys(sandbox.home) : [])],
    limits: httpLimitsOf(config, opened),
    sandbox: sandbox &&
      travel && {
        now: () => clock.now(),
        advanceTo: (to) => travel.advanceTo(to),
        setChaos: (dial) => sandbox.twin.chaos.set(dial),
        chaos: () => ({ ...sandbox.twin.chaos.get() }),
      },
    scheduler: { ready: () => schedulerReady(scheduler) },
    access,
    timers: systemTimers,
    lagMs: lag.ms,
  })
  await runtime.start()
  const listening = await listen(app, config.http)
  closers.push(() => listening.close(graceMs))
  address.webhookUrl = `${listening.url}/webhooks/stripe`
  sandbox?.twin.start()
  await scheduler.start()
  return {
    url: listening.url,
    sandbox: sandbox && { stripeUrl: sandbox.listening.url, home: sandbox.home },
    stop: closeAll,
  }
}

/** Whose store it is (P10). A sandbox is told by its seed: another one has other customers. */
function identityOf({ provider }: Config, sandbox: RunningSandbox | null): StoreIdentity {
  if (provider.mode === 'sandbox') {
    return { provider: 'stripe', mode: 'sandbox', account: sandbox?.home.kept.seed ?? null }
  }
  const { livemode, accountId } = provider
  return { provider: 'stripe', mode: livemode ? 'live' : 'test', account: accountId }
}

/** The embedded file has one process: what it keeps in memory is not changed behind its back. */
function httpLimitsOf({ http: { limits } }: Config, { home }: OpenedStore): HttpLimits {
  if (home === 'mongo') return limits
  return { ...limits, entitlementsFreshMs: limits.entitlementsAloneFreshMs }
}

function stripeAccess({ provider }: Config, sandbox: RunningSandbox | null) {
  if (provider.mode === 'stripe')
    return { secretKey: provider.secretKey, apiBase: provider.apiBase }
  return {
    secretKey: sandbox?.home.kept.stripeSecretKey ?? '',
    apiBase: sandbox?.listening.url ?? null,
  }
}

function webhookTrust(config: Config, sandbox: RunningSandbox | null): ReceiverOptions {
  const { provider, webhookToleranceSeconds: toleranceSeconds } = config
  if (provider.mode === 'stripe') {
    const { webhookSecrets: secrets, accountId, livemode } = provider
    return { secrets, accountId, livemode, toleranceSeconds }
  }
  return {
    secrets: [sandbox?.home.kept.stripeWebhookSecret ?? ''],
    accountId: null,
    livemode: false,
    toleranceSeconds,
  }
}

function openScheduler(ports: {
  log: Log
  opened: OpenedStore
  clock: Clock
  runtime: Runtime
  reconciliation: Reconciliation
}): Scheduler<JobName> {
  const { log, opened, clock, runtime, reconciliation } = ports
  // Agenda plans by the computer's clock, right or wrong, and is compared with that.
  const computer = computerClock()
  const backend =
    opened.home === 'mongo'
      ? new MongoBackend({ mongo: opened.db })
      : createEmbeddedBackend({ database: opened.database, clock: computer })
  return createScheduler({
    backend,
    clock: computer,
    log,
    pollMs: 1_000,
    drainMs: graceMs,
    jobs: jobsOf(
      {
        fireDueTimers: runtime.fireDueTimers,
        deliverDue: runtime.deliverDue,
        heal: runtime.heal,
        expireRequests: () => opened.store.expireRequests(plusDays(clock.now(), -2)),
        forgetWebhooks: () =>
          opened.store.forget('event', plusDays(clock.now(), -webhookDays), 500),
        reconcile: () => reconciliation.run(),
      },
      jobTimings,
    ),
  })
}

/** Late jobs mean that timers do not fire, or effects are not delivered. */
async function schedulerReady(scheduler: Scheduler<JobName>): Promise<void> {
  const late = (await scheduler.health()).filter((job) => job.isLate).map((job) => job.name)
  if (late.length > 0) throw new JobsLate(late)
}
