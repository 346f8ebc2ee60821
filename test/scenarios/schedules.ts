import { expect } from 'vitest'
import { isActorRef } from '../../values/ids.ts'
import { msPerDay, msPerHour, plusMs, type Instant } from '../../values/instant.ts'
import { seeded, shuffled } from '../harness/random.ts'
import type { Customer } from '../harness/scenario.ts'
import type { Courier, HeldWebhook, System, SystemOptions } from '../harness/system.ts'
import { canonical, newest } from './canonical.ts'
import { doubledMails, liveAttempts, watch } from './invariants.ts'
import { strayMoney, unbalanced } from './ledger.ts'

/** Something that happened, whose webhooks may come in any way at all. */
export interface Story {
  /** Lives it, in a system of these options. */
  lives(options: SystemOptions): Promise<Customer>
  /** What is right at its end. */
  ends(customer: Customer): Promise<void>
  /**
   * False where what Tenure does depends on when it learns of something, and only the end is fixed.
   */
  readonly sameFacts?: boolean
  readonly processes?: number
}

/** How the webhooks of one run come. */
interface Manner {
  readonly copies: number
  /** The share of copies that come late, by up to so long. */
  readonly late: number
  readonly lateMs: number
  /** Of those: the share that never comes until the story is over. */
  readonly lost: number
  /** How many come at the same moment. */
  readonly atOnce: number
  /** How often a process dies while it takes late ones. */
  readonly deaths: number
}

const plain: Manner = { copies: 1, late: 0, lateMs: 0, lost: 0, atOnce: 1, deaths: 0 }

function drawManner(draw: () => number): Manner {
  const pick = <T>(...of: readonly [T, ...T[]]): T => of[Math.floor(draw() * of.length)] ?? of[0]
  return {
    copies: pick(1, 2, 3),
    late: pick(0, 0.3, 0.7, 1),
    lateMs: pick(60_000, msPerHour, 6 * msPerHour, msPerDay, 3 * msPerDay),
    lost: pick(0, 0, 0.2),
    atOnce: pick(1, 2, 5),
    deaths: pick(0, 0, 0.05, 0.3),
  }
}

interface Parcel {
  readonly webhook: HeldWebhook
  readonly at: Instant
  readonly isLate: boolean
}

const never: Instant = '9999-12-31T00:00:00.000Z'
const retryMs = 5 * 60_000

interface Carrier extends Courier {
  /** From now on everything comes at once, and what is left comes now. */
  hurry(now: Instant): void
  /** What was broken after a delivery. */
  readonly violations: readonly string[]
}

function createCarrier(system: System, manner: Manner, draw: () => number): Carrier {
  let bag: Parcel[] = []
  let isHurried = false
  const violations: string[] = []

  async function deliver(parcel: Parcel, now: Instant): Promise<void> {
    const to = Math.floor(draw() * system.processes().length)
    const { status } = await system.deliver(parcel.webhook.body, { to })
    if (status === 200) return
    if (status !== 0 && status < 500) violations.push(`a webhook was answered ${status}`)
    bag.push({ ...parcel, at: plusMs(now, retryMs) })
  }

  return {
    violations,
    take(webhook, now) {
      const copies = isHurried ? 1 : 1 + Math.floor(draw() * manner.copies)
      for (let copy = 0; copy < copies; copy += 1) {
        const isLate = !isHurried && draw() < manner.late
        const isLost = isLate && draw() < manner.lost
        const lateMs = isLate ? 1 + Math.floor(draw() * manner.lateMs) : 0
        bag.push({ webhook, at: isLost ? never : plusMs(now, lateMs), isLate })
      }
    },
    nextAt: () =>
      bag
        .map(({ at }) => at)
        .filter((at) => at !== never)
        .sort()[0] ?? null,
    async bring(now) {
      const isOrdered = manner === plain
      const due = bag.filter(({ at }) => at <= now)
      const group = (isOrdered ? due : shuffled(due, draw)).slice(0, manner.atOnce)
      if (group.length === 0) return
      bag = bag.filter((parcel) => !group.includes(parcel))
      if (!isHurried && draw() < manner.deaths && group.every(({ isLate }) => isLate)) {
        const { life } = shuffled(system.processes(), draw)[0] ?? {}
        life?.dieAfter(1 + Math.floor(draw() * 12), draw() < 0.5)
      }
      await Promise.all(group.map((parcel) => deliver(parcel, now)))
      violations.push(...(await liveAttempts(system)))
    },
    hurry(now) {
      isHurried = true
      bag = bag.map((parcel) => ({ ...parcel, at: now }))
    },
  }
}

/**
 * Lives the story once for each seed from 1 to `count`: with seed 1 its webhooks come once, in
 * order and at once; with every other doubled, shuffled, late, or lost until the end, to processes
 * that die. Each run keeps the invariants at every step and ends as it should; and all end in one
 * state, which a fresh read of everything does not change. SEED=<n> replays one, SCHEDULES=<n>
 * chooses how many.
 */
export async function underSchedules(count: number, story: Story): Promise<void> {
  const { SEED, SCHEDULES } = process.env
  const asked = SEED === undefined ? null : Number(SEED)
  const last = asked ?? Number(SCHEDULES ?? count)
  const reference = await runOf(1, story)
  for (let seed = asked ?? 2; seed <= last; seed += 1) {
    try {
      const lines = await runOf(seed, story)
      if (story.sameFacts !== false) expect(lines).toStrictEqual(reference)
    } catch (error) {
      throw new Error(`SEED=${seed} fails; replay it with: ${replayOf(seed)}`, { cause: error })
    }
  }
}

function replayOf(seed: number): string {
  const { testPath, currentTestName = '' } = expect.getState()
  const file = testPath?.split('/').slice(-3).join('/')
  return `SEED=${seed} npx vitest run ${file} -t '${currentTestName.replaceAll(' > ', ' ')}'`
}

async function runOf(seed: number, story: Story): Promise<string[]> {
  const draw = seeded(`schedule/${seed}`)
  const manner = seed === 1 ? plain : drawManner(draw)
  const watched = watch()
  const carriers: Carrier[] = []
  const customer = await story.lives({
    processes: story.processes ?? 1,
    onEntry: (entry) => {
      watched.see(entry)
    },
    courier(system) {
      const carrier = createCarrier(system, manner, draw)
      carriers.push(carrier)
      return carrier
    },
  })
  const { system } = customer
  try {
    for (const carrier of carriers) carrier.hurry(system.clock.now())
    await system.advanceMs(msPerHour)
    const broken = [...watched.violations, ...carriers.flatMap(({ violations }) => violations)]
    expect([...broken, ...(await violationsAtEnd(system))]).toStrictEqual([])
    await story.ends(customer)
    const lines = await canonical(system)
    await refreshAll(system)
    expect(await canonical(system), 'what a fresh read of everything says').toStrictEqual(lines)
    expect(watched.violations).toStrictEqual([])
    return lines
  } finally {
    await system.close()
  }
}

async function violationsAtEnd(system: System): Promise<string[]> {
  const parked = await system.store.parked({ cursor: null, limit: 10 })
  return [
    ...parked.items.map(({ id, error }) => `${id} is parked: ${error}`),
    ...(await unbalanced(system)),
    ...(await strayMoney(system)),
    ...doubledMails(system),
  ]
}

/** Asks every actor to read its object again. */
export async function refreshAll(system: System): Promise<void> {
  const at = system.clock.now()
  for (const type of ['account', 'subscription', 'invoice', 'payment']) {
    for (const { actor } of await newest(system, type)) {
      if (!isActorRef(actor)) continue
      await system.runtime.tell({
        id: `refresh:${actor}`,
        to: actor,
        event: { type: 'refresh' },
        source: 'operator',
        occurredAt: at,
        receivedAt: at,
        causationId: null,
        correlationId: 'refresh',
        principal: 'operator:test',
      })
    }
  }
  await system.settle()
}
