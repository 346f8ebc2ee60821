import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import type { Entry } from '../../actors/journal.ts'
import { composeReconciliation } from '../../app/compose.ts'
import catalogJson from '../../catalog.json' with { type: 'json' }
import { AccountContext } from '../../machines/account/state.ts'
import { Catalog, termsOf } from '../../machines/catalog/catalog.ts'
import { DunningContext } from '../../machines/dunning/state.ts'
import { ReconciliationContext } from '../../machines/reconciliation/state.ts'
import { createReadBudget } from '../../providers/stripe/read-budget.ts'
import { createStripeReceiver } from '../../providers/stripe/receive.ts'
import {
  createReconciliation,
  reconciliationRef,
  type ReconciliationOptions,
} from '../../providers/stripe/reconciliation.ts'
import { calm, worst } from '../../twins/kernel/chaos.ts'
import { isActorRef, type ActorRef } from '../../values/ids.ts'
import { type Instant, msPerDay, msPerHour, plusMs } from '../../values/instant.ts'
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
async function given({ weather = null }: { weather?: string | null } = {}) {
  const log = silentLog
  const world = await openWorld({ start, log })
  open.push(world)
  // Every webhook is doubled, shuffled, late by up to a day, and a third is lost until retried.
  if (weather !== null) world.twin.chaos.set(worst(weather))
  const { runtime, store, stripe, clock } = world
  const links = async (theirs: string) => {
    const view = theirs.startsWith('cus_') ? 'customer_links' : 'subscription_links'
    const ref = (await store.viewRow(view, theirs))?.['ref']
    return isActorRef(ref) ? ref : null
  }
  const receiver = createStripeReceiver({
    secrets: ['whsec_unused'],
    toleranceSeconds: 300,
    accountId: null,
    livemode: false,
  })
  const reads = createReadBudget({ perSecond: 1000, burst: 1000 })
  const parts = { runtime, store, stripe, clock, log, catalog, receiver, reads }
  /** Another process's, over the same store. */
  const another = (own: Partial<ReconciliationOptions>) =>
    createReconciliation({ ...parts, links, ...own })
  const reconciliation = composeReconciliation(parts)

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
    another,
    tell,
    pay: (token: string) =>
      tell(account, { type: 'payment_method.add', provider: 'stripe', token }),
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

/** Each object's name by the order in which it was made: ids are drawn, and differ by world. */
async function namesIn({ stripe }: Given): Promise<[string, string][]> {
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
async function essence(world: Given) {
  const states: Record<string, unknown> = {}
  for (const type of ['account', 'subscription', 'invoice', 'payment', 'dunning']) {
    for (const { actor, snapshot } of await all(world, type))
      states[actor] = snapshot.state['value']
  }
  const { entitlements, paymentMethods, bans } = AccountContext.parse(
    (await world.read(account)).snapshot.state['context'],
  )
  const steps = (await all(world, 'dunning')).map(({ actor, snapshot }) => [
    actor,
    DunningContext.parse(snapshot.state['context']).stepsTaken,
  ])
  const ledger = await world.store.viewRows('ledger', '', { cursor: null, limit: 1000 })
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
  const names = await namesIn(world)
  const text = names.reduce((json, [id, name]) => json.replaceAll(id, name), JSON.stringify(found))
  const named: unknown = JSON.parse(text)
  return named
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

interface Living {
  readonly outage: boolean
  /** The seed of the chaos in which webhooks come; null for none. */
  readonly weather?: string | null
}

const seeds = ['sleet', 'hail', 'gale', 'fog']

describe('race 9: the endpoint is down for three days and an hour', () => {
  const downAt = plusMs(renewal, msPerHour / 2)
  const upAt = plusMs(downAt, 3 * msPerDay + msPerHour)

  /** The renewal fails half an hour after the endpoint went down; there is a refund, too. */
  async function lived({ outage, weather = null }: Living): Promise<Given> {
    const world = await given({ weather })
    await world.subscribe()
    await world.advanceTo(plusMs(start, 5 * msPerDay))
    await world.pay('pm_card_chargeCustomerFail')
    // Unless invoice.created is taken, Stripe holds an invoice back for three days: another story.
    await world.advanceTo(plusMs(renewal, -2 * msPerDay))
    world.twin.chaos.set(calm)
    await world.advanceTo(downAt)
    await world.reconcile()
    if (weather !== null) world.twin.chaos.set(worst(weather))
    world.endpointDown(outage)
    await refundSome(world)
    await world.advanceTo(upAt)
    return world
  }

  test('the list of events brings everything, and the end is as without the outage', async () => {
    const [spared, world] = [await lived({ outage: false }), await lived({ outage: true })]
    expect(await status(world)).toMatchObject({ status: 'active' })
    world.endpointDown(false)
    await world.reconcile()
    expect(await status(world)).toMatchObject({ status: 'past_due' })
    expect(await essence(world)).toEqual(await essence(spared))

    // Webhooks that are still being retried bring nothing new.
    for (const one of [spared, world]) await one.advanceTo(plusMs(upAt, 4 * msPerDay))
    expect(await essence(world)).toEqual(await essence(spared))
  })

  test.each(seeds)('so it is in bad weather before and after it, such as %s', async (weather) => {
    const [spared, world] = [await lived({ outage: false }), await lived({ outage: true, weather })]
    world.endpointDown(false)
    await world.reconcile()
    for (const one of [spared, world]) await one.advanceTo(plusMs(upAt, 5 * msPerDay))
    expect(await essence(world)).toEqual(await essence(spared))
  })

  test('no mail is sent for what happened over three days ago, and later ones are', async () => {
    const [spared, world] = [await lived({ outage: false }), await lived({ outage: true })]
    expect(mailsOf(spared)).toEqual(['payment_failed'])
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

  /** By hand in the provider's dashboard: another card, a refund, the subscription's end. */
  async function lived({ outage, weather = null }: Living): Promise<Given> {
    const world = await given({ weather })
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
    const [spared, world] = [await lived({ outage: false }), await lived({ outage: true })]
    expect((await world.stripe.events.list()).data).toEqual([])
    expect(await status(world)).toMatchObject({ status: 'active' })
    world.endpointDown(false)
    await world.reconcile()
    expect(await status(world)).toMatchObject({ status: 'canceled' })
    expect(await essence(world)).toEqual(await essence(spared))
  })

  test.each(seeds)('so it is in bad weather before it, such as %s', async (weather) => {
    const [spared, world] = [await lived({ outage: false }), await lived({ outage: true, weather })]
    world.endpointDown(false)
    await world.reconcile()
    for (const one of [spared, world]) await one.advanceTo(plusMs(upAt, 5 * msPerDay))
    expect(await essence(world)).toEqual(await essence(spared))
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

describe('a sweep', () => {
  const parts = { limits: { sweepPagesMax: 1 } }

  /** A live system whose sweep was asked for, and the objects that it will find. */
  async function asked() {
    const world = await given()
    await world.subscribe()
    await world.reconcile()
    await world.tell(reconciliationRef, { type: 'refresh' })
    return world
  }

  test('goes on in another process where the one before died', async () => {
    const world = await asked()
    let runs = 1
    while (!(await world.another(parts).run()).done) runs += 1
    // A part for each of the eight lists, and one for our own accounts.
    expect(runs).toBe(9)
    expect(await report(world)).toMatchObject({ number: 2, reason: 'asked', objects: 7 })
  })

  test('that two processes walk at once is counted once', async () => {
    const world = await asked()
    const [one, other] = [world.another(parts), world.another(parts)]
    for (;;) {
      const runs = await Promise.all([one.run(), other.run()])
      if (runs.every(({ done }) => done)) break
    }
    expect(await report(world)).toMatchObject({ number: 2, objects: 7, driftCount: 0 })
  })

  test('whose read budget is spent goes on at a later run', async () => {
    const world = await asked()
    const slow = world.another({ reads: createReadBudget({ perSecond: 1, burst: 2 }) })
    const positions: unknown[] = []
    for (let run = 0; run < 20; run += 1) {
      while (!(await slow.run()).done) await world.settle()
      const { snapshot } = await world.read(reconciliationRef)
      const { sweep } = ReconciliationContext.parse(snapshot.state['context'])
      positions.push(sweep?.position ?? null)
      if (sweep === null) break
      await world.advanceMs(1000)
    }
    expect(positions.length).toBeGreaterThan(3)
    expect(positions.at(-1)).toBeNull()
    expect(await report(world)).toMatchObject({ number: 2, objects: 7 })
  })

  test('tells of a customer that is gone only if every account of ours is looked at', async () => {
    const world = await given()
    await world.subscribe()
    await world.reconcile()
    world.endpointDown(true)
    const [customer] = (await world.stripe.customers.list()).data
    await world.stripe.customers.del(customer?.id ?? '')
    await world.advanceMs(31 * msPerDay)
    world.endpointDown(false)
    await world.reconcile()
    expect((await world.read(account)).snapshot.state['value']).toMatchObject({
      lifecycle: 'closed',
      paymentMethod: 'none',
    })
    expect((await report(world))?.drift).toContainEqual({
      ref: account,
      field: 'deleted',
      ours: 'false',
      theirs: 'true',
    })
  })

  test('brings a customer that was made at the provider, and shows no address', async () => {
    const world = await given()
    world.endpointDown(true)
    const { stripe } = world
    const { id } = await stripe.customers.create({ email: 'bob@example.com' })
    await stripe.paymentMethods.attach('pm_card_visa', { customer: id })
    await world.advanceMs(31 * msPerDay)
    await world.reconcile()
    const born = await world.read(`account/${id}`)
    const known = AccountContext.parse(born.snapshot.state['context'])
    expect(known.email).toBe('bob@example.com')
    expect(Object.values(known.paymentMethods)).toHaveLength(1)

    await stripe.customers.update(id, { email: 'rob@example.com' })
    await world.advanceMs(40 * msPerDay)
    await world.reconcile()
    const found = await report(world)
    const shown = { field: 'email', ours: '…', theirs: '…' }
    expect(found?.drift).toEqual([{ ref: `account/${id}`, ...shown }])
    expect(JSON.stringify(await world.read(reconciliationRef))).not.toContain('example.com')
  })
})
