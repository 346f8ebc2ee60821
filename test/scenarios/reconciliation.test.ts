import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import catalogJson from '../../catalog.json' with { type: 'json' }
import type { Entry } from '../../actors/journal.ts'
import type { Log } from '../../actors/ports.ts'
import { Catalog, termsOf } from '../../machines/catalog.ts'
import { AccountContext, DunningContext, ReconciliationContext } from '../../machines/contexts.ts'
import type { ActorRef } from '../../machines/ids.ts'
import { type Instant, msPerDay, msPerHour, plusMs } from '../../machines/instant.ts'
import { createStripeReceiver } from '../../providers/stripe/receive.ts'
import { createReconciliation, reconciliationRef } from '../../providers/stripe/reconciliation.ts'
import { createReconciler } from '../../scheduler/reconcile.ts'
import { openWorld, silentLog, type World } from '../world.ts'

const start: Instant = '2027-01-10T00:00:00.000Z'
const renewal: Instant = '2027-02-10T00:00:00.000Z'
const account: ActorRef = 'account/acct_1'
const subscription: ActorRef = 'subscription/sub_1'
const catalog = Catalog.parse(catalogJson)

const open: World[] = []
afterEach(async () => {
  for (const world of open.splice(0)) await world.close()
})

/** A world with the reconciliation that its job would run. */
async function given(log: Log = silentLog) {
  const world = await openWorld({ start, log })
  open.push(world)
  const { runtime, store, stripe, clock } = world
  const reconciliation = createReconciliation({
    runtime,
    store,
    stripe,
    clock,
    log,
    catalog,
    createReconciler,
    receiver: createStripeReceiver({
      secrets: ['whsec_unused'],
      toleranceSeconds: 300,
      accountId: null,
      livemode: false,
    }),
    links: async (theirs) => {
      const view = theirs.startsWith('cus_') ? 'customer_links' : 'subscription_links'
      const row = await store.viewRow(view, theirs)
      return row?.['ref'] === account || row?.['ref'] === subscription ? row['ref'] : null
    },
    readBudget: { perSecond: 1000, burst: 1000 },
  })

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
    await world.settle()
  }

  return {
    ...world,
    tell,
    pay: (token: string) => tell(account, { type: 'payment_method.add', provider: 'stripe', token }),
    /** The job's runs of one hour: what one brings is applied before the next. */
    async reconcile() {
      for (let run = 0; run < 4; run += 1) {
        while (!(await reconciliation.run()).done) await world.settle()
        await world.settle()
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
      await world.settle()
    },
    read: async (ref: ActorRef): Promise<Entry> => {
      const head = await store.head(ref)
      if (head === null) throw new Error(`there is no ${ref}`)
      return head
    },
  }
}
type Given = Awaited<ReturnType<typeof given>>

/** Part of the first payment goes back, by hand in the provider's dashboard. */
async function refundSome({ stripe }: Given) {
  const [first] = (await stripe.paymentIntents.list()).data.toReversed()
  await stripe.refunds.create({ payment_intent: first?.id ?? '', amount: 1000 })
}

async function all(world: Given, type: string): Promise<Entry[]> {
  const { items } = await world.store.actors(type, { cursor: null, limit: 1000 })
  return await Promise.all(items.map(world.read))
}

/** Where everything stands: the states of all actors of the business, what may be used, and the money. */
async function essence(world: Given) {
  const states: Record<string, unknown> = {}
  for (const type of ['account', 'subscription', 'invoice', 'payment', 'dunning']) {
    for (const { actor, snapshot } of await all(world, type)) states[actor] = snapshot.state['value']
  }
  const { entitlements, paymentMethods, bans } = AccountContext.parse(
    (await world.read(account)).snapshot.state['context'],
  )
  const steps = (await all(world, 'dunning')).map(
    ({ snapshot }) => DunningContext.parse(snapshot.state['context']).stepsTaken,
  )
  const ledger = await world.store.viewRows('ledger', '', { cursor: null, limit: 1000 })
  return {
    states,
    features: Object.entries(entitlements.features).map(([key, { granted }]) => [key, granted]),
    attached: Object.values(paymentMethods).map(({ facts }) => facts.attached),
    bans: Object.keys(bans),
    steps,
    ledger: ledger.items.map(({ key, value }) => [key, value['postings']]),
  }
}

/** How many entries there are of the business and its webhooks. */
async function entriesIn(world: Given): Promise<number> {
  let count = 0
  for (const type of ['account', 'subscription', 'invoice', 'payment', 'dunning', 'event']) {
    for (const { seq } of await all(world, type)) count += seq
  }
  return count
}

async function report(world: Given) {
  const { snapshot } = await world.read(reconciliationRef)
  return ReconciliationContext.parse(snapshot.state['context']).report
}

const status = async (world: Given): Promise<unknown> =>
  (await world.read(subscription)).snapshot.state['value']

const mailsOf = (world: Given) => world.mails().map(({ template }) => template)

describe('race 9: the endpoint is down for three days and an hour', () => {
  const downAt = plusMs(renewal, msPerHour / 2)
  const upAt = plusMs(downAt, 3 * msPerDay + msPerHour)

  /** The renewal fails half an hour after the endpoint went down, and part of the first payment goes back. */
  async function lived({ outage }: { outage: boolean }): Promise<Given> {
    const world = await given()
    await world.subscribe()
    await world.pay('pm_card_chargeCustomerFail')
    await world.advanceTo(downAt)
    await world.reconcile()
    world.endpointDown(outage)
    await refundSome(world)
    await world.advanceTo(upAt)
    return world
  }

  test('the list of events brings everything, and the end is as without the outage', async () => {
    const [calm, world] = [await lived({ outage: false }), await lived({ outage: true })]
    expect(await status(world)).toMatchObject({ status: 'active' })
    world.endpointDown(false)
    await world.reconcile()
    expect(await status(world)).toMatchObject({ status: 'past_due' })
    expect(await essence(world)).toEqual(await essence(calm))

    // Webhooks that are still being retried bring nothing new.
    for (const one of [calm, world]) await one.advanceTo(plusMs(upAt, 4 * msPerDay))
    expect(await essence(world)).toEqual(await essence(calm))
  })

  test('no mail is sent for what happened more than three days ago, and later ones are', async () => {
    const [calm, world] = [await lived({ outage: false }), await lived({ outage: true })]
    expect(mailsOf(calm)).toEqual(['payment_failed'])
    world.endpointDown(false)
    await world.reconcile()
    expect(mailsOf(world)).toEqual([])
    await world.advanceTo(plusMs(renewal, 6 * msPerDay))
    expect(mailsOf(world)).toEqual(['payment_reminder'])
  })
})

describe('race 10: the endpoint is down for 31 days', () => {
  const downAt = plusMs(renewal, -msPerDay)
  const upAt = plusMs(downAt, 31 * msPerDay + msPerHour)

  /** By hand in the provider's dashboard: another card, a refund, and the end of the subscription. */
  async function lived({ outage }: { outage: boolean }): Promise<Given> {
    const world = await given()
    const { stripe } = world
    await world.subscribe()
    await world.advanceTo(downAt)
    await world.reconcile()
    world.endpointDown(outage)
    await refundSome(world)
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
    await world.advanceTo(upAt)
    return world
  }

  test('the events are gone, and the objects alone heal', async () => {
    const [calm, world] = [await lived({ outage: false }), await lived({ outage: true })]
    expect((await world.stripe.events.list()).data).toEqual([])
    expect(await status(world)).toMatchObject({ status: 'active' })
    world.endpointDown(false)
    await world.reconcile()
    expect(await status(world)).toMatchObject({ status: 'canceled' })
    expect(await essence(world)).toEqual(await essence(calm))
  })

  test('the report lists what was inferred', async () => {
    const world = await lived({ outage: true })
    world.endpointDown(false)
    await world.reconcile()
    const found = await report(world)
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

    await world.tell(reconciliationRef, { type: 'refresh' })
    await world.reconcile()
    expect(await report(world)).toMatchObject({ reason: 'asked', driftCount: 0, drift: [] })
  })
})

describe('race 11: an operator replays 30 days of events on a live system', () => {
  test('nothing changes and nothing is asked for', async () => {
    const world = await given()
    await world.subscribe()
    await world.advanceTo(plusMs(renewal, 2 * msPerHour))
    await world.reconcile()
    const before = { entries: await entriesIn(world), essence: await essence(world) }

    const { data: events } = await world.stripe.events.list({ limit: 100 })
    expect(events.length).toBeGreaterThan(5)
    for (const { id } of events) expect(world.twin.resend(id)).toBe(true)
    await world.settle()
    const readUntil = plusMs(world.clock.now(), -30 * msPerDay)
    const cursor = JSON.stringify({ readUntil, walk: null })
    await world.tell(reconciliationRef, { type: 'cursor.moved', cursor })
    await world.reconcile()

    expect({ entries: await entriesIn(world), essence: await essence(world) }).toEqual(before)
  })

  test('a sweep of a live system finds no drift, and changes nothing', async () => {
    const world = await given()
    await world.subscribe()
    await world.reconcile()
    await world.advanceTo(plusMs(renewal, -msPerDay))
    await world.reconcile()
    await world.advanceTo(plusMs(renewal, 2 * msPerHour))
    const entries = await entriesIn(world)
    await world.reconcile()
    expect(await report(world)).toMatchObject({ reason: 'routine', number: 3, driftCount: 0 })
    expect(await entriesIn(world)).toBe(entries)
  })
})
