import { afterEach, describe, expect, test } from 'vitest'
import type { Envelope } from '../../actors/journal/envelope.ts'
import type { ArmedTimer } from '../../actors/journal/journal.ts'
import { InvoiceContext } from '../../machines/invoice/state.ts'
import { SubscriptionContext } from '../../machines/subscription/state.ts'
import type { ActorRef } from '../../values/ids.ts'
import { plusMs, type Instant } from '../../values/instant.ts'
import { aCustomer, addsCard, allFeatures, stateOf, subscribes } from '../harness/scenario.ts'
import type { System, SystemOptions } from '../harness/system.ts'
import { newest } from './canonical.ts'

// Boundaries: month ends, clocks that nobody watched, and timers that come late, twice, or for
// nobody.

const open: System[] = []
afterEach(async () => {
  for (const system of open.splice(0)) await system.close()
})

async function aSubscriber(collection: 'provider' | 'platform', options: SystemOptions = {}) {
  const ada = await aCustomer(options)
  open.push(ada.system)
  await addsCard(ada, 'pm_card_visa')
  await subscribes(ada, 'pro_monthly', collection)
  const ref: ActorRef = `subscription/${ada.subscription}`
  return { ...ada, ref }
}

/** Every period that the subscription has had, by the days of its bounds. */
async function periodsOf(system: System, ref: ActorRef): Promise<string[]> {
  const { items } = await system.store.history(ref, { cursor: null, limit: 1000 })
  const periods = items.flatMap(({ snapshot }) => {
    const { period } = SubscriptionContext.parse(snapshot.state['context'])
    return period ? [`${period.start.slice(0, 10)} ${period.end.slice(0, 10)}`] : []
  })
  return [...new Set(periods)]
}

const monthEnds = [
  '2027-01-31',
  '2027-02-28',
  '2027-03-31',
  '2027-04-30',
  '2027-05-31',
  '2027-06-30',
  '2027-07-31',
  '2027-08-31',
  '2027-09-30',
  '2027-10-31',
  '2027-11-30',
  '2027-12-31',
  '2028-01-31',
  '2028-02-29',
  '2028-03-31',
]

describe('53 a subscription that began on the 31st of January', () => {
  test.each([{ collection: 'provider' as const }, { collection: 'platform' as const }])(
    'keeps the last day of each month, in a common year and a leap year ($collection)',
    async ({ collection }) => {
      const { system, ref } = await aSubscriber(collection, { start: '2027-01-31T12:00:00.000Z' })
      await system.advanceTo('2028-03-30T00:00:00.000Z')
      const tiled = monthEnds.slice(1).map((end, k) => `${monthEnds[k]} ${end}`)
      expect(await periodsOf(system, ref)).toStrictEqual(tiled)
    },
  )
})

interface IssuedPeriod {
  readonly periodIndex: number
  readonly issuedAt: Instant
}

async function issued(system: System): Promise<IssuedPeriod[]> {
  const invoices = await newest(system, 'invoice')
  return invoices
    .flatMap(({ snapshot }) => {
      const { issue } = InvoiceContext.parse(snapshot.state['context'])
      return issue ? [{ periodIndex: issue.periodIndex, issuedAt: issue.issuedAt }] : []
    })
    .sort((a, b) => a.periodIndex - b.periodIndex)
}

async function chargesOf({ stripe }: System): Promise<string[]> {
  const { data } = await stripe.paymentIntents.list({ limit: 100 })
  return data
    .map(({ metadata, status }) => `${metadata['tenure_invoice']?.split('_').at(-1)} ${status}`)
    .sort()
}

describe('56 nobody watched the clock over two boundaries, then two processes do at once', () => {
  test('each boundary acts once, late, with its nominal time', async () => {
    const ada = await aSubscriber('platform', { processes: 2 })
    const { system } = ada
    system.clock.advanceTo('2027-03-25T08:30:00.000Z')
    const fired = await Promise.all(
      [...system.processes(), ...system.processes()].map(({ runtime }) => runtime.fireDueTimers()),
    )
    await system.settle()
    expect(fired.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(2)
    expect(await issued(system)).toStrictEqual([
      { periodIndex: 0, issuedAt: '2027-01-10T00:00:00.000Z' },
      { periodIndex: 1, issuedAt: '2027-02-10T00:00:00.000Z' },
      { periodIndex: 2, issuedAt: '2027-03-10T00:00:00.000Z' },
    ])
    expect(await chargesOf(system)).toStrictEqual(['0 succeeded', '1 succeeded', '2 succeeded'])
    expect(await stateOf(ada)).toMatchObject({ standing: 'good', granted: allFeatures })
  })
})

describe('57 a timer fires late, twice, or for an instance that is gone', () => {
  async function periodEndOf(system: System, ref: ActorRef): Promise<ArmedTimer> {
    const head = await system.store.head(ref)
    const timer = head?.snapshot.timers.find(({ name }) => name.includes('periodEnd'))
    if (timer === undefined) throw new Error(`${ref} has no period to end`)
    return timer
  }

  function firing(ref: ActorRef, timer: ArmedTimer, id: string): Envelope {
    return {
      id,
      to: ref,
      event: { type: timer.name, instance: timer.instance },
      source: 'timer',
      occurredAt: timer.dueAt,
      receivedAt: timer.dueAt,
      causationId: timer.instance,
      correlationId: id,
      principal: 'timer',
    }
  }

  test('the second firing does nothing, under the same id or another', async () => {
    const { system, ref } = await aSubscriber('platform')
    const timer = await periodEndOf(system, ref)
    system.clock.advanceTo(plusMs(timer.dueAt, 86_400_000))
    const usual = `timer:${timer.instance}:${timer.name}`
    const first = await system.runtime.tell(firing(ref, timer, usual))
    const again = await system.runtime.tell(firing(ref, timer, usual))
    const other = await system.runtime.tell(firing(ref, timer, 'timer:from-elsewhere'))
    expect([first.outcome, again.outcome]).toStrictEqual(['committed', 'unchanged'])
    expect(other.outcome).toBe('unchanged')
    await system.settle()
    expect(await chargesOf(system)).toStrictEqual(['0 succeeded', '1 succeeded'])
  })

  test('after a cancellation it does nothing', async () => {
    const { system, ref, subscription } = await aSubscriber('platform')
    const timer = await periodEndOf(system, ref)
    await system.post('dashboard', `/v1/subscriptions/${subscription}/cancel`, { at: 'now' })
    await system.settle()
    system.clock.advanceTo(timer.dueAt)
    const told = await system.runtime.tell(firing(ref, timer, 'timer:of-the-dead'))
    expect(told.outcome).toBe('unchanged')
    await system.settle()
    expect(await chargesOf(system)).toStrictEqual(['0 succeeded'])
  })
})
