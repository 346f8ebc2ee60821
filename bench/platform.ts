import type { Clock, Store } from '../actors/ports.ts'
import { systemTimers } from '../http/timers.ts'
import type { FetchLike } from '../providers/stripe/client.ts'
import { createTestClock } from '../scheduler/clock.ts'
import { composeProcess } from '../test/harness/process.ts'
import { createTime } from '../test/harness/time.ts'
import { clientOfTwin, openTwin } from '../test/harness/twin.ts'
import { beginsAt } from './workloads.ts'

/** The engine and its HTTP API over a store, with the real SDK reaching Stripe through `fetch`. */
export function composeBench(parts: { store: Store; clock: Clock; fetch: FetchLike }) {
  const process = composeProcess({
    ...parts,
    limits: { storePauseMs: 50 },
    readBudget: { perSecond: 1_000_000, burst: 1_000_000 },
    // Nobody waits for the provider's first word: the story goes on by itself.
    httpLimits: { firstWordMs: 0 },
    timers: systemTimers,
  })
  return { ...process, stripe: clientOfTwin(parts.fetch) }
}

/** The same with the simulated Stripe, on a clock that the benchmark moves. */
export function openBenchSystem(store: Store) {
  const clock = createTestClock(beginsAt)
  let webhooks = 0
  const { twin, fetch } = openTwin({
    clock,
    seed: 'bench',
    async send(headers, body) {
      webhooks += 1
      return (await app.request('/webhooks/stripe', { method: 'POST', headers, body })).status
    },
  })
  const { runtime, app, stripe } = composeBench({ store, clock, fetch })
  const time = createTime({
    clock,
    twin,
    store: () => store,
    async work() {
      await runtime.fireDueTimers()
      await runtime.idle()
    },
  })
  return {
    clock,
    runtime,
    app,
    stripe,
    ...time,
    webhooks: () => webhooks,
    async stop(): Promise<void> {
      await runtime.stop()
      await twin.stop()
    },
  }
}
