import { afterEach, describe, expect, test } from 'vitest'
import type { Log } from '../../actors/ports.ts'
import type { ActorRef } from '../../values/ids.ts'
import { msPerDay, plusMs } from '../../values/instant.ts'
import { JsonObject } from '../../values/json.ts'
import { silentLog } from '../harness/logs.ts'
import {
  aCustomer,
  addsCard,
  allFeatures,
  stateOf,
  subscribes,
  type Customer,
} from '../harness/scenario.ts'
import type { HeldWebhook, System, SystemOptions } from '../harness/system.ts'
import { newest, webhookOutcomes } from './canonical.ts'
import { bring, ofType, webhooksOf } from './webhooks-of.ts'

// Webhooks at the door: copies, old shapes, secrets, clocks, and what is not for us.

const open: System[] = []
afterEach(async () => {
  for (const system of open.splice(0)) await system.close()
})

async function withCard(options: SystemOptions = {}): Promise<Customer> {
  const ada = await aCustomer(options)
  open.push(ada.system)
  await addsCard(ada, 'pm_card_visa')
  return ada
}

async function entriesOf(system: System, actor: ActorRef) {
  return (await system.store.history(actor, { cursor: null, limit: 1000 })).items
}

function changed({ body, ...webhook }: HeldWebhook, change: JsonObject): HeldWebhook {
  return { ...webhook, body: JSON.stringify({ ...JsonObject.parse(JSON.parse(body)), ...change }) }
}

/** What `/metrics` counts under this line. */
async function countOf(system: System, line: string): Promise<number> {
  const { body } = await system.get(null, '/metrics')
  const found = String(body)
    .split('\n')
    .find((text) => text.startsWith(line))
  return Number(found?.split(' ').at(-1) ?? 0)
}

describe('4 one event is delivered five times at once, to two processes', () => {
  test('five 200s, and it is taken once', async () => {
    const ada = await withCard({ processes: 2 })
    const { system } = ada
    const webhooks = await webhooksOf(system, () => subscribes(ada))
    const paid = ofType(webhooks, 'customer.subscription.updated')
    const answers = await Promise.all(
      [0, 1, 0, 1, 0].map((to) => system.deliver(paid.body, { to })),
    )
    expect(answers.map(({ status }) => status)).toStrictEqual([200, 200, 200, 200, 200])
    await system.settle()

    const received = (await newest(system, 'event')).filter(({ actor }) =>
      actor.includes(paid.eventId),
    )
    expect(received.map(({ seq }) => seq)).toStrictEqual([1])
    const told = (await entriesOf(system, `subscription/${ada.subscription}`)).filter(
      ({ envelope }) => envelope.source === 'provider',
    )
    expect(told).toHaveLength(1)
    expect(await stateOf(ada)).toMatchObject({ subscription: 'active', granted: allFeatures })
  })
})

describe('support asks what became of a webhook', () => {
  test('its one entry says that it was applied, and what each actor made of it', async () => {
    const ada = await withCard()
    const { system } = ada
    const webhooks = await webhooksOf(system, () => subscribes(ada))
    const active = ofType(webhooks, 'customer.subscription.updated')
    await bring(system, [active])
    const event = (await newest(system, 'event')).find(({ actor }) =>
      actor.includes(active.eventId),
    )
    const { body } = await system.get('admin', `/admin/actors/${event?.actor}/history/1`)
    expect(body).toMatchObject({
      outcomes: [
        {
          kind: 'event.apply',
          standing: 'done',
          result: {
            outcome: 'applied',
            told: [{ to: `subscription/${ada.subscription}`, outcome: 'committed' }],
          },
        },
      ],
    })
  })
})

describe('12 an event of an old API version is replayed', () => {
  test('it is read by the shape of its own version', async () => {
    const ada = await withCard()
    const { system } = ada
    const webhooks = await webhooksOf(system, () => subscribes(ada))
    const invoicePaid = ofType(webhooks, 'invoice.paid')
    await bring(system, [oldShape(invoicePaid)])
    const [invoice] = await newest(system, 'invoice')
    expect(invoice?.snapshot.state['context']).toMatchObject({
      subscription: `subscription/${ada.subscription}`,
    })
    expect(await stateOf(ada)).toMatchObject({ subscription: 'active', invoices: ['paid'] })
    await bring(system, webhooks)
    expect(await stateOf(ada)).toMatchObject({ subscription: 'active', invoices: ['paid'] })
  })
})

/**
 * As Stripe wrote an invoice before 2025-03-31.basil: its subscription stands on it, not in
 * `parent`.
 */
function oldShape(webhook: HeldWebhook): HeldWebhook {
  const event = JsonObject.parse(JSON.parse(webhook.body))
  const { parent, ...invoice } = JsonObject.parse(JsonObject.parse(event['data'])['object'])
  const details = JsonObject.parse(JsonObject.parse(parent)['subscription_details'])
  const object = {
    ...invoice,
    subscription: details['subscription'] ?? null,
    subscription_details: { metadata: details['metadata'] ?? {} },
    paid: true,
  }
  return changed(webhook, { api_version: '2024-12-18.acacia', data: { object } })
}

describe('13 the secret is rolled', () => {
  test('both secrets are good for a day, and then only the new one', async () => {
    const ada = await withCard({ secrets: ['whsec_world', 'whsec_new'] })
    const { system } = ada
    const [one, two] = await webhooksOf(system, () => subscribes(ada))
    const withOld = await system.deliver(one?.body ?? '', { secret: 'whsec_world' })
    const withNew = await system.deliver(two?.body ?? '', { secret: 'whsec_new' })
    expect([withOld.status, withNew.status]).toStrictEqual([200, 200])

    await system.advanceMs(msPerDay)
    await system.restart({ secrets: ['whsec_new'] })
    const late = await system.deliver(one?.body ?? '', { secret: 'whsec_world' })
    expect(late).toMatchObject({ status: 400, body: { code: 'webhook_refused' } })
    const good = await system.deliver(one?.body ?? '', { secret: 'whsec_new' })
    expect(good.status).toBe(200)
  })
})

describe('14 the stamp of a signature is 301 seconds old', () => {
  test('it is refused with the clocks’ difference, stores nothing, and is taken when signed again', async () => {
    const ada = await withCard()
    const { system } = ada
    const [webhook] = await webhooksOf(system, () => subscribes(ada))
    const body = webhook?.body ?? ''
    const before = (await newest(system, 'event')).length
    const stale = await system.deliver(body, { at: plusMs(system.clock.now(), -301_000) })
    expect(stale).toMatchObject({
      status: 400,
      body: { code: 'webhook_refused', skew_seconds: 301 },
    })
    expect(await newest(system, 'event')).toHaveLength(before)
    expect(await countOf(system, 'tenure_webhooks_total{outcome="signature_too_old"}')).toBe(1)
    expect((await system.deliver(body)).status).toBe(200)
    expect(await newest(system, 'event')).toHaveLength(before + 1)
  })
})

describe('15 an event is of another account, or of the other mode', () => {
  test.each([
    { why: 'of another account', change: { account: 'acct_of_somebody_else' } },
    { why: 'of live mode', change: { livemode: true } },
  ])('$why it is kept apart, answered 200, and touches nobody', async ({ change }) => {
    const ada = await withCard()
    const { system } = ada
    const webhooks = await webhooksOf(system, () => subscribes(ada))
    const updated = changed(ofType(webhooks, 'customer.subscription.updated'), change)
    await bring(system, [updated])
    const quarantined = (await newest(system, 'event')).filter(
      ({ snapshot }) => snapshot.state['value'] === 'quarantined',
    )
    expect(quarantined).toHaveLength(1)
    expect(await stateOf(ada)).toMatchObject({ subscription: 'incomplete', granted: [] })
  })
})

describe('16 an event has a type, or a value, that nobody knows', () => {
  test('an unknown type is kept, ignored and counted', async () => {
    const warnings: string[] = []
    const log: Log = { ...silentLog, warn: (event) => warnings.push(event) }
    const ada = await withCard({ log })
    const { system } = ada
    const [webhook] = await webhooksOf(system, () => subscribes(ada))
    if (webhook === undefined) throw new Error('Stripe has sent nothing')
    const strange = changed(webhook, {
      type: 'moon_phase.waxed',
      data: { object: { id: 'moon_1', object: 'moon_phase' } },
    })
    await bring(system, [strange, strange])
    expect(await webhookOutcomes(system)).toContainEqual({
      eventType: 'moon_phase.waxed',
      outcome: 'ignored',
    })
    expect((await system.store.parked({ cursor: null, limit: 1 })).items).toStrictEqual([])
  })

  test('an unknown status is kept and moves nothing', async () => {
    const ada = await withCard()
    const { system } = ada
    const webhooks = await webhooksOf(system, () => subscribes(ada))
    await bring(system, webhooks)
    const before = await stateOf(ada)
    await system.advanceMs(msPerDay)
    const update = await webhooksOf(system, async () => {
      const [subscription] = (await system.stripe.subscriptions.list()).data
      await system.stripe.subscriptions.update(subscription?.id ?? '', { description: 'new' })
    })
    const webhook = ofType(update, 'customer.subscription.updated')
    const event = JsonObject.parse(JSON.parse(webhook.body))
    const object = JsonObject.parse(JsonObject.parse(event['data'])['object'])
    const data = { object: { ...object, status: 'hibernating' } }
    await bring(system, [changed(webhook, { data })])
    expect(await stateOf(ada)).toStrictEqual(before)
    expect((await system.store.parked({ cursor: null, limit: 1 })).items).toStrictEqual([])
  })
})
