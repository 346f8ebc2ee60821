import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import type { Entry } from '../../actors/journal/journal.ts'
import { AccountContext } from '../../machines/account/state.ts'
import { termsOf } from '../../machines/catalog/catalog.ts'
import { DunningContext } from '../../machines/dunning/state.ts'
import { ReconciliationContext } from '../../machines/reconciliation/state.ts'
import { createReadBudget } from '../../providers/stripe/read-budget.ts'
import { createStripeReceiver } from '../../providers/stripe/receive.ts'
import { createRecentEvents } from '../../providers/stripe/recent-events.ts'
import {
  createReconciliation,
  reconciliationRef,
  type ReconciliationOptions,
} from '../../providers/stripe/reconciliation.ts'
import { calm, worst } from '../../twins/kernel/chaos.ts'
import type { ActorRef } from '../../values/ids.ts'
import { type Instant, msPerDay, msPerHour, plusMs } from '../../values/instant.ts'
import { createLinks } from '../../views/links.ts'
import { silentLog } from '../harness/logs.ts'
import { catalog, webhooksOf } from '../harness/process.ts'
import { openSystem, type System } from '../harness/system.ts'

const start: Instant = '2027-01-10T00:00:00.000Z'
const renewal: Instant = '2027-02-10T00:00:00.000Z'
const account: ActorRef = 'account/acct_1'
const subscription: ActorRef = 'subscription/sub_1'

const open: System[] = []
afterEach(async () => {
  for (const system of open.splice(0)) await system.close()
})

/** A system with the reconciliation that its job would run. */
async function given({ weather = null }: { weather?: string | null } = {}) {
  const log = silentLog
  const system = await openSystem({ start, log })
  open.push(system)
  // Every webhook is doubled, shuffled, late by up to a day, and a third is lost until retried.
  if (weather !== null) system.twin.chaos.set(worst(weather))
  const { runtime, store, stripe, clock, reconciliation } = system
  const links = createLinks(store, 'stripe')
  const receiver = createStripeReceiver(webhooksOf([]), createRecentEvents())
  const reads = createReadBudget({ perSecond: 1000, burst: 1000 })
  const parts = { runtime, store, stripe, clock, log, catalog, receiver, reads }
  /** Another process's, over the same store. */
  const another = (own: Partial<ReconciliationOptions>) =>
    createReconciliation({ ...parts, links, ...own })

  async function tell(to: ActorRef, event: Entry['envelope']['event']) {
    const at = clock.now()
    const told = await runtime.tell({
      id: randomUUID(),
      to,
      event,
      source: 'api',
      occurredAt: at,
      receivedAt: at,
      causationId: null,
      correlationId: 'test',
      principal: 'test',
    })
    expect(told.outcome).toBe('committed')
    await system.settle()
  }

  return {
    ...system,
    another,
    tell,
    pay: (token: string) =>
      tell(account, { type: 'payment_method.add', provider: 'stripe', token }),
    /** The job's runs of one hour: what one brings is applied before the next. */
    async reconcile() {
      for (let run = 0; run < 4; run += 1) {
        while (!(await reconciliation.run()).done) await system.settle()
        await system.settle()
      }
    },
    async subscribe() {
      const details = { email: 'ada@example.com', name: 'Ada', currency: 'usd' }
      await tell(account, { type: 'account.create', provider: 'stripe', ...details })
      await tell(account, { type: 'payment_method.add', provider: 'stripe', token: 'pm_card_visa' })
      const terms = termsOf(catalog, 'pro_monthly')
      if (terms === null) throw new Error('the catalog has no pro_monthly')
      const sale = { account, terms: { ...terms }, quantity: 1, collector: 'provider' }
      await tell(subscription, { type: 'subscription.create', provider: 'stripe', ...sale })
      await system.settle()
    },
    read: async (ref: ActorRef): Promise<Entry> => {
      const head = await store.head(ref)
      if (head === null) throw new Error(`there is no ${ref}`)
      return head
    },
  }
}
type Scene = Awaited<ReturnType<typeof given>>

/** Part of the first payment goes back, by hand in the provider's dashboard. */
async function refundSome({ stripe }: Scene) {
  const [first] = (await stripe.paymentIntents.list()).data.toReversed()
  await stripe.refunds.create({ payment_intent: first?.id ?? '', amount: 1000 })
}

async function all(system: Scene, type: string): Promise<Entry[]> {
  const { items } = await system.store.actors(type, { cursor: null, limit: 1000 })
  return await Promise.all(items.map(system.read))
}

/** Each object's name by the order in which it was made: ids are drawn, and differ by system. */
async function namesIn({ stripe }: Scene): Promise<[string, string][]> {
  const limit = { limit: 100 }
  const lists = await Promise.all([
    stripe.invoices.list(limit),
    stripe.paymentIntents.list(limit),
    stripe.charges.list(limit),
    stripe.refunds.list(limit),
  ])
  return lists.flatMap(({ data }) =>
    data.toReversed().map(({ id }, n): [string, string] => [id, `${id.split('_')[0]}_${n + 1}`]),
  )
}

/** Where everything stands: the states of all actors, what may be used, and the money. */
async function essence(system: Scene) {
  const states: Record<string, unknown> = {}
  for (const type of ['account', 'subscription', 'invoice', 'payment', 'dunning']) {
    for (const { actor, snapshot } of await all(system, type))
      states[actor] = snapshot.state['value']
  }
  const { entitlements, paymentMethods, bans } = AccountContext.parse(
    (await system.read(account)).snapshot.state['context'],
  )
  const steps = (await all(system, 'dunning')).map(({ actor, snapshot }) => [
    actor,
    DunningContext.parse(snapshot.state['context']).stepsTaken,
  ])
  const ledger = await system.store.viewRows('ledger', '', { cursor: null, limit: 1000 })
  const found = {
    states,
    features: Object.entries(entitlements.features).map(([key, { granted }]) => [key, granted]),
    attached: Object.values(paymentMethods)
      .map(({ facts }) => `${facts.brand} ${facts.attached}`)
      .toSorted(),
    bans: Object.keys(bans),
    steps: Object.fromEntries(steps),
    ledger: Object.fromEntries(ledger.items.map(({ key, value }) => [key, value['postings']])),
  }
  const names = await namesIn(system)
  const text = names.reduce((json, [id, name]) => json.replaceAll(id, name), JSON.stringify(found))
  const named: unknown = JSON.parse(text)
  return named
}

/** How many entries there are of the business and its webhooks. */
async function entriesIn(system: Scene): Promise<number> {
  let count = 0
  for (const type of ['account', 'subscription', 'invoice', 'payment', 'dunning', 'event']) {
    for (const { seq } of await all(system, type)) count += seq
  }
  return count
}

async function report(system: Scene) {
  const { snapshot } = await system.read(reconciliationRef)
  return ReconciliationContext.parse(snapshot.state['context']).report
}

const status = async (system: Scene): Promise<unknown> =>
  (await system.read(subscription)).snapshot.state['value']

const mailsOf = (system: Scene) => system.mails().map(({ template }) => template)

interface LifeOptions {
  readonly outage: boolean
  /** The seed of the chaos in which webhooks come; null for none. */
  readonly weather?: string | null
}

const seeds = ['sleet', 'hail', 'gale', 'fog']

describe('race 9: the endpoint is down for three days and an hour', () => {
  const downAt = plusMs(renewal, msPerHour / 2)
  const upAt = plusMs(downAt, 3 * msPerDay + msPerHour)

  /** The renewal fails half an hour after the endpoint went down; there is a refund, too. */
  async function lived({ outage, weather = null }: LifeOptions): Promise<Scene> {
    const system = await given({ weather })
    await system.subscribe()
    await system.advanceTo(plusMs(start, 5 * msPerDay))
    await system.pay('pm_card_chargeCustomerFail')
    // Unless invoice.created is taken, Stripe holds an invoice back for three days: another story.
    await system.advanceTo(plusMs(renewal, -2 * msPerDay))
    system.twin.chaos.set(calm)
    await system.advanceTo(downAt)
    await system.reconcile()
    if (weather !== null) system.twin.chaos.set(worst(weather))
    system.endpointDown(outage)
    await refundSome(system)
    await system.advanceTo(upAt)
    return system
  }

  test('the list of events brings everything, and the end is as without the outage', async () => {
    const [spared, system] = [await lived({ outage: false }), await lived({ outage: true })]
    expect(await status(system)).toMatchObject({ status: 'active' })
    system.endpointDown(false)
    await system.reconcile()
    expect(await status(system)).toMatchObject({ status: 'past_due' })
    expect(await essence(system)).toEqual(await essence(spared))

    // Webhooks that are still being retried bring nothing new.
    for (const one of [spared, system]) await one.advanceTo(plusMs(upAt, 4 * msPerDay))
    expect(await essence(system)).toEqual(await essence(spared))
  })

  test.each(seeds)('so it is in bad weather before and after it, such as %s', async (weather) => {
    const [spared, system] = [
      await lived({ outage: false }),
      await lived({ outage: true, weather }),
    ]
    system.endpointDown(false)
    await system.reconcile()
    for (const one of [spared, system]) await one.advanceTo(plusMs(upAt, 5 * msPerDay))
    expect(await essence(system)).toEqual(await essence(spared))
  })

  test('no mail is sent for what happened over three days ago, and later ones are', async () => {
    const [spared, system] = [await lived({ outage: false }), await lived({ outage: true })]
    expect(mailsOf(spared)).toEqual(['payment_failed'])
    system.endpointDown(false)
    await system.reconcile()
    expect(mailsOf(system)).toEqual([])
    await system.advanceTo(plusMs(renewal, 6 * msPerDay))
    expect(mailsOf(system)).toEqual(['payment_reminder'])
  })
})

describe('race 10: the endpoint is down for 31 days', () => {
  const downAt = plusMs(renewal, -msPerDay)
  const upAt = plusMs(downAt, 31 * msPerDay + msPerHour)

  /** By hand in the provider's dashboard: another card, a refund, the subscription's end. */
  async function lived({ outage, weather = null }: LifeOptions): Promise<Scene> {
    const system = await given({ weather })
    const { stripe } = system
    await system.subscribe()
    await system.advanceTo(downAt)
    await system.reconcile()
    system.endpointDown(outage)
    await refundSome(system)
    const [customer] = (await stripe.customers.list()).data
    const [old] = (await stripe.paymentMethods.list({ customer: customer?.id ?? '' })).data
    const added = await stripe.paymentMethods.attach('pm_card_mastercard', {
      customer: customer?.id ?? '',
    })
    await stripe.customers.update(customer?.id ?? '', {
      invoice_settings: { default_payment_method: added.id },
    })
    await stripe.paymentMethods.detach(old?.id ?? '')
    for (const { id } of (await stripe.subscriptions.list()).data) {
      await stripe.subscriptions.cancel(id)
    }
    await system.advanceTo(upAt)
    return system
  }

  test('the events are gone, and the objects alone heal', async () => {
    const [spared, system] = [await lived({ outage: false }), await lived({ outage: true })]
    expect((await system.stripe.events.list()).data).toEqual([])
    expect(await status(system)).toMatchObject({ status: 'active' })
    system.endpointDown(false)
    await system.reconcile()
    expect(await status(system)).toMatchObject({ status: 'canceled' })
    expect(await essence(system)).toEqual(await essence(spared))
  })

  test.each(seeds)('so it is in bad weather before it, such as %s', async (weather) => {
    const [spared, system] = [
      await lived({ outage: false }),
      await lived({ outage: true, weather }),
    ]
    system.endpointDown(false)
    await system.reconcile()
    for (const one of [spared, system]) await one.advanceTo(plusMs(upAt, 5 * msPerDay))
    expect(await essence(system)).toEqual(await essence(spared))
  })

  test('the report lists what was inferred', async () => {
    const system = await lived({ outage: true })
    system.endpointDown(false)
    await system.reconcile()
    const found = await report(system)
    expect(found).toMatchObject({ reason: 'gap', number: 3, driftCount: 5 })
    const fields = found?.drift.map(({ ref, field, ours, theirs }) => [
      ref.split('/')[0],
      field,
      ours,
      theirs,
    ])
    expect(fields).toContainEqual(['subscription', 'status', '"active"', '"canceled"'])
    expect(fields).toContainEqual(['account', 'attached', 'true', 'false'])
    expect(fields).toContainEqual(['payment', 'amountRefundedMinor', '0', '1000'])
    expect(fields).toContainEqual(['payment', 'object', null, 'known'])

    await system.tell(reconciliationRef, { type: 'refresh' })
    await system.reconcile()
    expect(await report(system)).toMatchObject({ reason: 'asked', driftCount: 0, drift: [] })
  })
})

describe('race 11: an operator replays 30 days of events on a live system', () => {
  test('which of them are known is asked once a page, and none of those is told', async () => {
    const world = await given()
    await world.subscribe()
    await world.reconcile()
    const before = await entriesIn(world)
    const asked: number[] = []
    const told: string[] = []
    const reading = world.another({
      store: {
        ...world.store,
        newestSeqs(actors) {
          asked.push(actors.length)
          return world.store.newestSeqs(actors)
        },
      },
      runtime: {
        read: (actor) => world.runtime.read(actor),
        tell(envelope) {
          told.push(envelope.to)
          return world.runtime.tell(envelope)
        },
      },
    })
    const readUntil = plusMs(world.clock.now(), -30 * msPerDay)
    const cursor = JSON.stringify({ readUntil, walk: null })
    await world.tell(reconciliationRef, { type: 'cursor.moved', cursor })
    while (!(await reading.run()).done) await world.settle()
    expect(asked).toHaveLength(1)
    expect(asked[0]).toBeGreaterThan(5)
    expect(told.filter((actor) => actor.startsWith('event/'))).toEqual([])
    expect(await entriesIn(world)).toBe(before)
  })

  test('nothing changes and nothing is asked for', async () => {
    const system = await given()
    await system.subscribe()
    await system.advanceTo(plusMs(renewal, 2 * msPerHour))
    await system.reconcile()
    const before = { entries: await entriesIn(system), essence: await essence(system) }

    const { data: events } = await system.stripe.events.list({ limit: 100 })
    expect(events.length).toBeGreaterThan(5)
    for (const { id } of events) expect(system.twin.resend(id)).toBe(true)
    await system.settle()
    const readUntil = plusMs(system.clock.now(), -30 * msPerDay)
    const cursor = JSON.stringify({ readUntil, walk: null })
    await system.tell(reconciliationRef, { type: 'cursor.moved', cursor })
    await system.reconcile()

    expect({ entries: await entriesIn(system), essence: await essence(system) }).toEqual(before)
  })

  test('a sweep of a live system finds no drift, and changes nothing', async () => {
    const system = await given()
    await system.subscribe()
    await system.reconcile()
    await system.advanceTo(plusMs(renewal, -msPerDay))
    await system.reconcile()
    await system.advanceTo(plusMs(renewal, 2 * msPerHour))
    const entries = await entriesIn(system)
    await system.reconcile()
    expect(await report(system)).toMatchObject({ reason: 'routine', number: 3, driftCount: 0 })
    expect(await entriesIn(system)).toBe(entries)
  })
})

describe('a sweep', () => {
  const parts = { limits: { sweepPagesMax: 1 } }

  /** A live system whose sweep was asked for, and the objects that it will find. */
  async function asked() {
    const system = await given()
    await system.subscribe()
    await system.reconcile()
    await system.tell(reconciliationRef, { type: 'refresh' })
    return system
  }

  test('goes on in another process where the one before died', async () => {
    const system = await asked()
    let runs = 1
    while (!(await system.another(parts).run()).done) runs += 1
    // A part for each of the eight lists, and one for our own accounts.
    expect(runs).toBe(9)
    expect(await report(system)).toMatchObject({ number: 2, reason: 'asked', objects: 7 })
  })

  test('that two processes walk at once is counted once', async () => {
    const system = await asked()
    const [one, other] = [system.another(parts), system.another(parts)]
    for (;;) {
      const runs = await Promise.all([one.run(), other.run()])
      if (runs.every(({ done }) => done)) break
    }
    expect(await report(system)).toMatchObject({ number: 2, objects: 7, driftCount: 0 })
  })

  test('whose read budget is spent goes on at a later run', async () => {
    const system = await asked()
    const slow = system.another({ reads: createReadBudget({ perSecond: 1, burst: 2 }) })
    const positions: unknown[] = []
    for (let run = 0; run < 20; run += 1) {
      while (!(await slow.run()).done) await system.settle()
      const { snapshot } = await system.read(reconciliationRef)
      const { sweep } = ReconciliationContext.parse(snapshot.state['context'])
      positions.push(sweep?.position ?? null)
      if (sweep === null) break
      await system.advanceMs(1000)
    }
    expect(positions.length).toBeGreaterThan(3)
    expect(positions.at(-1)).toBeNull()
    expect(await report(system)).toMatchObject({ number: 2, objects: 7 })
  })

  test('tells of a customer that is gone only if every account of ours is looked at', async () => {
    const system = await given()
    await system.subscribe()
    await system.reconcile()
    system.endpointDown(true)
    const [customer] = (await system.stripe.customers.list()).data
    await system.stripe.customers.del(customer?.id ?? '')
    await system.advanceMs(31 * msPerDay)
    system.endpointDown(false)
    await system.reconcile()
    expect((await system.read(account)).snapshot.state['value']).toMatchObject({
      lifecycle: 'closed',
      paymentMethod: 'none',
    })
    expect((await report(system))?.drift).toContainEqual({
      ref: account,
      field: 'deleted',
      ours: 'false',
      theirs: 'true',
    })
  })

  test('does not miss a payment that nobody has tried, of which nobody was told', async () => {
    const world = await asked()
    const [customer] = (await world.stripe.customers.list()).data
    const { id } = await world.stripe.paymentIntents.create({
      amount: 900,
      currency: 'usd',
      customer: customer?.id ?? '',
    })
    await world.settle()
    expect(await world.store.head(`payment/${id}`)).toBeNull()
    await world.reconcile()
    expect(await report(world)).toMatchObject({ objects: 8, driftCount: 0 })
    expect(await world.store.head(`payment/${id}`)).toBeNull()
  })

  test('brings a customer that was made at the provider, and shows no address', async () => {
    const system = await given()
    system.endpointDown(true)
    const { stripe } = system
    const { id } = await stripe.customers.create({ email: 'bob@example.com' })
    await stripe.paymentMethods.attach('pm_card_visa', { customer: id })
    await system.advanceMs(31 * msPerDay)
    await system.reconcile()
    const born = await system.read(`account/${id}`)
    const known = AccountContext.parse(born.snapshot.state['context'])
    expect(known.email).toBe('bob@example.com')
    expect(Object.values(known.paymentMethods)).toHaveLength(1)

    await stripe.customers.update(id, { email: 'rob@example.com' })
    await system.advanceMs(40 * msPerDay)
    await system.reconcile()
    const found = await report(system)
    const shown = { field: 'email', ours: '…', theirs: '…' }
    expect(found?.drift).toEqual([{ ref: `account/${id}`, ...shown }])
    expect(JSON.stringify(await system.read(reconciliationRef))).not.toContain('example.com')
  })
})
