import * as fc from 'fast-check'
import { Stripe } from 'stripe'
import { describe, expect, test } from 'vitest'
import { Envelope } from '../../actors/journal/envelope.ts'
import { EventEvent } from '../../machines/webhook/events.ts'
import { instantOfSeconds } from '../../values/instant.ts'
import { createStripeReceiver, type ReceiveResult } from './receive.ts'
import { createRecentEvents } from './recent-events.ts'

const now = instantOfSeconds(1_790_000_100)
const options = {
  secrets: ['whsec_1'],
  toleranceSeconds: 300,
  accountId: 'acct_ours',
  livemode: false,
}
const receiver = createStripeReceiver(options, createRecentEvents())

const event = {
  id: 'evt_1',
  object: 'event',
  api_version: '2026-10-28.endive',
  created: 1_790_000_000,
  livemode: false,
  pending_webhooks: 1,
  type: 'customer.updated',
  data: { object: { id: 'cus_1', object: 'customer', email: 'a@example.com' } },
}

function receive(json: unknown, receiving = receiver): ReceiveResult {
  const rawBody = JSON.stringify(json)
  const signatureHeader = Stripe.webhooks.generateTestHeaderString({
    payload: rawBody,
    secret: 'whsec_1',
    timestamp: 1_790_000_100,
  })
  return receiving.receive({ rawBody, signatureHeader, now, correlationId: 'c1' })
}

function envelopeOf(received: ReceiveResult): Envelope {
  if (received.outcome === 'refused') throw new Error(`refused: ${received.message}`)
  return Envelope.parse(received.envelope)
}

describe('a webhook', () => {
  test('becomes an envelope that keeps its body as it came', () => {
    const envelope = envelopeOf(receive(event))
    expect(envelope.to).toMatch(/^event\/evt_1~[0-9a-f]{16}$/)
    expect(envelope).toMatchObject({
      id: envelope.to.slice('event/'.length),
      source: 'provider',
      principal: 'provider:stripe',
      correlationId: 'c1',
      occurredAt: '2026-09-21T14:13:20.000Z',
      receivedAt: now,
    })
    expect(EventEvent.parse(envelope.event)).toStrictEqual({
      type: 'event.received',
      provider: 'stripe',
      eventId: 'evt_1',
      eventType: 'customer.updated',
      apiVersion: '2026-10-28.endive',
      body: JSON.stringify(event),
      quarantine: null,
    })
  })

  test('P2 has one envelope id for all its deliveries', () => {
    const again = { ...event, pending_webhooks: 0 }
    expect(envelopeOf(receive(again)).id).toBe(envelopeOf(receive(event)).id)
  })

  test.each`
    other                                                             | why
    ${{ ...event, type: 'customer.created' }}                         | ${'another type'}
    ${{ ...event, created: event.created + 1 }}                       | ${'another time'}
    ${{ ...event, data: { object: { ...event.data.object, x: 1 } } }} | ${'another content'}
    ${{ ...event, id: 'evt_2' }}                                      | ${'another id'}
  `('is told apart from one with $why', ({ other }) => {
    expect(envelopeOf(receive(other)).id).not.toBe(envelopeOf(receive(event)).id)
  })

  test('has an actor even where its id has characters that a ref cannot hold', () => {
    const long = `evt/é ${'x'.repeat(240)}`
    expect(envelopeOf(receive({ ...event, id: long })).to.length).toBeLessThan(206)
  })

  test('is the same whether delivered or fetched', () => {
    const fetched = receiver.receiveTrusted(event, { now, correlationId: 'sweep' })
    expect(envelopeOf(fetched).id).toBe(envelopeOf(receive(event)).id)
  })

  test('may be a thin notification', () => {
    const thin = {
      id: 'evt_3',
      object: 'v2.core.event',
      created: '2026-11-01T10:00:00.750Z',
      livemode: false,
      type: 'v1.customer.subscription.active',
      related_object: { id: 'sub_1', type: 'subscription', url: '/v1/subscriptions/sub_1' },
    }
    const envelope = envelopeOf(receive(thin))
    expect(envelope.occurredAt).toBe('2026-11-01T10:00:00.000Z')
    expect(envelope.event).toMatchObject({ eventId: 'evt_3', apiVersion: null, quarantine: null })
  })
})

describe('race 15: an event that is not for us', () => {
  test.each`
    json                                   | accountId      | quarantined | why
    ${event}                               | ${'acct_ours'} | ${false}    | ${'ours: it names no account'}
    ${{ ...event, account: 'acct_ours' }}  | ${'acct_ours'} | ${false}    | ${'ours by name'}
    ${{ ...event, account: 'acct_other' }} | ${'acct_ours'} | ${true}     | ${'a connected account’s'}
    ${{ ...event, account: 'acct_other' }} | ${null}        | ${true}     | ${'somebody’s, and ours is not known'}
    ${{ ...event, livemode: true }}        | ${'acct_ours'} | ${true}     | ${'of the other mode'}
  `('is kept in quarantine: $why', ({ json, accountId, quarantined }) => {
    const envelope = envelopeOf(
      receive(json, createStripeReceiver({ ...options, accountId }, createRecentEvents())),
    )
    expect(EventEvent.parse(envelope.event)).toMatchObject({
      quarantine: quarantined ? expect.stringContaining('event of') : null,
    })
  })
})

describe('what is no event', () => {
  test.each`
    json                                  | field                    | why
    ${[]}                                 | ${'/'}                   | ${'no object'}
    ${{ ...event, object: 'list' }}       | ${'/object'}             | ${'another object'}
    ${{ ...event, id: undefined }}        | ${'/id'}                 | ${'no id'}
    ${{ ...event, created: 'today' }}     | ${'/created'}            | ${'no time'}
    ${{ ...event, created: 9e15 }}        | ${'/created'}            | ${'a time beyond all calendars'}
    ${{ ...event, data: {} }}             | ${'/data/object'}        | ${'nothing that it is about'}
    ${{ ...event, data: { object: {} } }} | ${'/data/object/object'} | ${'something without a name'}
    ${{ ...event, livemode: null }}       | ${'/livemode'}           | ${'no mode'}
  `('is refused with the field that says so: $why', ({ json, field }) => {
    expect(receive(json)).toMatchObject({ outcome: 'refused', code: 'body_not_event', field })
  })

  test('is refused with the skew where the signature is too old', () => {
    const rawBody = JSON.stringify(event)
    const signatureHeader = Stripe.webhooks.generateTestHeaderString({
      payload: rawBody,
      secret: 'whsec_1',
      timestamp: 1_790_000_100 - 301,
    })
    const received = receiver.receive({ rawBody, signatureHeader, now, correlationId: 'c1' })
    expect(received).toMatchObject({ code: 'signature_too_old', skewSeconds: 301 })
  })

  test('never throws, whatever JSON is signed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(['envelope', 'refused']).toContain(receive(json).outcome)
      }),
      { numRuns: 300 },
    )
    fc.assert(
      fc.property(fc.record({ ...constants(event), data: fc.jsonValue() }), (json) => {
        expect(['envelope', 'refused']).toContain(receive(json).outcome)
      }),
      { numRuns: 200 },
    )
  })
})

/** The record itself, now and then with another value for one of its fields. */
function constants(record: Record<string, unknown>): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name,
      fc.oneof({ arbitrary: fc.constant(value), weight: 9 }, fc.jsonValue()),
    ]),
  )
}
