import { SubscriptionContext } from '../../machines/subscription/state.ts'
import { msOf, msPerDay, msPerHour, plusMs, type Instant } from '../../values/instant.ts'
import { createDraw } from './draw.ts'
import { renamedTimer } from './next-release.ts'
import { retryParked } from './operator.ts'
import type { Simulation } from './system.ts'

// What comes over the whole system in the course of a life, beside its everyday weather: the next
// release, an outage of the provider, a performer with a bug, and the operator who mends.

/** What would be too far away to wait for. */
const waitsAtMostMs = 12 * msPerDay

const outagesAtMost = 3

export function createTrouble(system: Simulation) {
  const draw = createDraw(system.seed, 'trouble')
  const { clock } = system
  let isDeployed = false
  let wentBack = false
  let outages = 0
  let brokenUntil: Instant | null = null

  async function release(): Promise<void> {
    if (!isDeployed) {
      isDeployed = true
      return await system.deploy()
    }
    if (wentBack) return
    wentBack = true
    await system.goBack(draw.pick([msPerHour / 2, 5 * msPerHour, msPerDay]))
  }

  /** The provider takes nothing for longer than tries last, from just before a renewal. */
  async function outage(): Promise<void> {
    if (outages >= outagesAtMost) return
    const renewal = await nextRenewal(system)
    if (renewal === null || msOf(renewal) - msOf(clock.now()) > waitsAtMostMs) return
    outages += 1
    const begins = plusMs(renewal, -draw.below(3) * msPerHour)
    if (begins > clock.now()) await system.advanceTo(begins)
    system.silence(draw.pick(['http429', 'http500']))
    await system.advanceMs((5 + draw.below(36)) * msPerHour)
    system.storm()
  }

  function bug(): void {
    if (brokenUntil !== null) return
    brokenUntil = plusMs(clock.now(), draw.pick([5 * msPerHour, msPerDay, 3 * msPerDay]))
    system.breakPerformers(true)
  }

  return {
    /** Once in each pause between what people do. */
    async mayCome(): Promise<void> {
      if (brokenUntil !== null && brokenUntil <= clock.now()) system.breakPerformers(false)
      if (draw.happens(0.05)) await release()
      if (draw.happens(0.25)) await outage()
      if (draw.happens(0.04)) bug()
      if (draw.happens(0.08)) await retryParked(system)
    },
  }
}

/** When the next period ends of a subscription that the platform bills. */
async function nextRenewal({ store, clock }: Simulation): Promise<Instant | null> {
  const { items } = await store.actors('subscription', { cursor: null, limit: 1_000 })
  const ends: Instant[] = []
  for (const actor of items) {
    const head = await store.head(actor)
    const context = SubscriptionContext.parse(head?.snapshot.state['context'])
    if (head?.snapshot.timers.some(({ name }) => isPeriodEnd(name)) && context.period) {
      ends.push(context.period.end)
    }
  }
  return ends.filter((at) => at > clock.now()).sort()[0] ?? null
}

function isPeriodEnd(timer: string): boolean {
  return timer === renamedTimer.from || timer === renamedTimer.to
}
