import { join } from 'node:path'
import type { Clock, Log, Store } from '../../actors/ports.ts'
import type { Runtime } from '../../actors/runtime.ts'
import { type ApiKey, hashOfKey } from '../../http/middleware/auth.ts'
import type { Role } from '../../http/principal.ts'
import { listen, type Listener } from '../../http/serve.ts'
import { createFileStorage } from '../../twins/kernel/file-storage.ts'
import { createStripeTwin, type StripeTwin } from '../../twins/stripe/twin.ts'
import { plusMs, type Instant } from '../../values/instant.ts'
import type { Config } from '../config.ts'
import { openSandboxHome, type SandboxHome } from './home.ts'
import { createTimeTravel, type SandboxClock } from './time-travel.ts'

/** What of the sandbox the platform holds while it runs. */
export interface RunningSandbox {
  readonly home: SandboxHome
  readonly twin: StripeTwin
  readonly listening: Listener
  readonly storage: { close(): void }
}

/**
 * Stripe plans in whole seconds: what is due within this is part of the same moment for who waits
 * for it.
 */
const sameMomentMs = 2_000

/** Named by their roles, which are also what `npm start` prints. */
export function sandboxKeys({ kept }: SandboxHome): ApiKey[] {
  const { dashboard, admin, service } = kept.keys
  const key = (role: Role, text: string): ApiKey => ({
    name: `sandbox-${role}`,
    role,
    hash: hashOfKey(text),
    accounts: null,
  })
  return [key('dashboard', dashboard), key('admin', admin), key('service', service)]
}

/** Opens the simulated Stripe on a port of its own, with the world that it had. */
export async function openSandbox(ports: {
  config: Config
  log: Log
  system: Clock
  /** Where webhooks go, once the platform listens. */
  address: { readonly webhookUrl: string }
}): Promise<RunningSandbox> {
  const { config, log, system, address } = ports
  const home = openSandboxHome(join(config.dataFolder, 'sandbox.json'), system)
  const storage = createFileStorage(join(config.dataFolder, 'sandbox-stripe.jsonl'))
  const reached = { url: '' }
  const twin = createStripeTwin({
    clock: home.clock,
    seed: home.kept.seed,
    secretKey: home.kept.stripeSecretKey,
    publishableKey: home.kept.stripePublishableKey,
    storage,
    publicUrl: () => reached.url,
    log,
    webhook: {
      url: 'platform',
      secret: home.kept.stripeWebhookSecret,
      async send(_url, headers, body) {
        const init = { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) }
        return (await fetch(address.webhookUrl, init)).status
      },
    },
  })
  const { host, port } = config.http
  const listening = await listen(twin.app, {
    host,
    port: port === 0 ? 0 : port + 1,
    name: 'the simulated Stripe, on the port after PORT,',
  })
  reached.url = listening.url
  return { home, twin, listening, storage }
}

export async function closeSandbox(
  { twin, listening, storage }: RunningSandbox,
  graceMs: number,
): Promise<void> {
  await twin.stop()
  await listening.close(graceMs)
  storage.close()
}

/**
 * The sandbox's time: the simulated Stripe, our timers through Agenda, and what waits to be
 * delivered.
 */
export function openTravel(ports: {
  sandbox: RunningSandbox
  store: Store
  runtime: Runtime
  /** Through Agenda, as in every process. */
  fireDueTimers: () => Promise<void>
}) {
  const { sandbox, store, runtime, fireDueTimers } = ports
  const clock: SandboxClock = sandbox.home.clock

  async function nextAt(): Promise<Instant | null> {
    const moments = [sandbox.twin.nextJobAt(), await store.nextTimerAt(), await store.nextClaimAt()]
    return moments.filter((at) => at !== null).sort()[0] ?? null
  }

  let committed = 0
  runtime.subscribe(() => {
    committed += 1
  })

  /**
   * Until a whole round commits nothing: the simulated Stripe also delivers by itself, beside this.
   */
  async function settle(): Promise<void> {
    for (;;) {
      const before = committed
      await sandbox.twin.runDue()
      const timerAt = await store.nextTimerAt()
      if (timerAt !== null && timerAt <= clock.now()) await fireDueTimers()
      await runtime.idle()
      await sandbox.twin.runDue()
      await runtime.idle()
      const next = await nextAt()
      const isDue = next !== null && next <= plusMs(clock.now(), sameMomentMs)
      if (!isDue && committed === before) return
      if (isDue && next > clock.now()) clock.moveTo(next)
    }
  }

  return createTimeTravel({ clock, world: { settle, nextAt } })
}
