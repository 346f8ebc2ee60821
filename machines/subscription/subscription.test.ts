import { describe, test } from 'vitest'
import type { SampleEvent } from '../../test/charts/explore.ts'
import { given } from '../../test/charts/given.ts'
import { account, day, subscriptionObserved, terms } from '../../test/charts/samples.ts'

const create: SampleEvent = {
  type: 'subscription.create',
  account,
  terms,
  quantity: 1,
  collector: 'provider',
  provider: 'stripe',
}
const cancel: SampleEvent = { type: 'subscription.cancel', when: 'now' }
const later: SampleEvent = { type: 'subscription.cancel', when: 'period_end' }
const resume: SampleEvent = { type: 'subscription.resume' }
const accepted: SampleEvent = {
  type: 'subscription.accepted',
  subscription: 'sub_x',
  invoice: 'in_x',
  paymentIntent: 'pi_x',
  clientSecret: 'secret',
  paymentMethod: 'pm_1',
}
const anotherCard: SampleEvent = {
  type: 'payment_method.available',
  version: 9,
  paymentMethod: 'pm_2',
}
const incomplete = subscriptionObserved({ status: 'incomplete' })
const active = subscriptionObserved()
const scheduled = subscriptionObserved({ cancelAt: day(31) })

function rejected(effect: string): SampleEvent {
  return { type: 'effect.rejected', effect, code: 'x', message: 'No.' }
}

const subscription = given('subscription')

describe('a subscription that is to end before the provider has it', () => {
  test.each([
    { why: 'the provider accepts it', event: accepted },
    { why: 'its first webhook comes', event: incomplete },
    {
      why: 'another object names it',
      event: {
        type: 'subscription.referenced',
        provider: 'stripe',
        subscription: 'sub_x',
        account,
      },
    },
  ])('is cancelled, and not paid, as soon as $why', ({ event }) => {
    subscription.when(create, cancel, event).expect({
      among: ['provider.cancel_subscription'],
      effects: { 'payment_intent.confirm': [] },
    })
  })

  test('is cancelled once', () => {
    subscription.when(create, cancel, accepted, incomplete).expect({ effects: [] })
  })

  test('is not cancelled for the end of a period that it does not have yet', () => {
    subscription.when(create).expect({ refuses: [later] })
  })
})

describe('a subscription that the provider refused to create', () => {
  const refused = rejected('provider.create_subscription')
  const ended = { status: 'incomplete_expired', cancellation: 'none' }

  test('has ended, and its account is told', () => {
    subscription.when(create, refused).expect({
      state: ended,
      effects: [{ kind: 'tell', to: account, event: { status: 'incomplete_expired' } }],
    })
  })

  test('has ended, also where it was to be cancelled', () => {
    subscription.when(create, cancel, refused).expect({ state: ended })
  })

  test('goes on where the provider has it all the same', () => {
    subscription.when(create, accepted, refused).expect({ state: { status: 'incomplete' } })
    subscription.when(create, refused, active).expect({ state: { status: 'active' } })
  })
})

describe('M5 a first payment is confirmed only while it is wanted', () => {
  const confirmation = ['payment_intent.confirm']
  test.each([
    { why: 'while the customer waits', events: [create, accepted], confirms: confirmation },
    { why: 'not after a cancellation', events: [create, incomplete, cancel, accepted] },
    { why: 'not once it is paid', events: [create, active, accepted] },
    {
      why: 'with another card',
      events: [create, accepted, anotherCard],
      confirms: confirmation,
    },
    {
      why: 'not with another card after a cancellation',
      events: [create, accepted, cancel, anotherCard],
    },
  ])('$why', ({ events, confirms = [] }) => {
    subscription.when(...events).expect({ effects: { 'payment_intent.confirm': confirms } })
  })

  test('an answer that comes after the payment leaves nothing for the customer to do', () => {
    subscription.when(create, active, { ...accepted, paymentMethod: null }).expect({
      context: { nextAction: null, firstPayment: null },
    })
  })

  test('a confirmation that was refused is the customer’s to make', () => {
    subscription.when(create, accepted, rejected('payment_intent.confirm')).expect({
      context: {
        nextAction: {
          paymentIntent: 'pi_x',
          clientSecret: 'secret',
          url: null,
          declineCode: null,
        },
      },
    })
  })
})

describe('a cancellation that is being taken back', () => {
  test('gives way to one for now', () => {
    subscription.when(scheduled, resume, cancel).expect({
      state: { cancellation: 'ending' },
      effects: ['provider.cancel_subscription'],
    })
  })

  test('may be asked for again where the provider’s answer still has an end', () => {
    const resuming = subscription.when(scheduled, resume)
    resuming.when({ ...scheduled, read: resuming.seq }).expect({
      state: { cancellation: 'scheduled' },
      takes: [resume, cancel],
    })
  })
})

describe('a refusal ends only what was refused', () => {
  test.each([
    {
      events: [active, cancel],
      is: 'ending',
      refused: 'provider.cancel_subscription',
      left: 'none',
    },
    {
      events: [active, later],
      is: 'scheduling',
      refused: 'provider.update_subscription',
      left: 'none',
    },
    {
      events: [scheduled, resume],
      is: 'resuming',
      refused: 'provider.update_subscription',
      left: 'scheduled',
    },
  ])('$is', ({ events, is, refused, left }) => {
    subscription
      .when(...events)
      .when(rejected('object.read'))
      .expect({ state: { cancellation: is } })
    subscription
      .when(...events)
      .when(rejected(refused))
      .expect({ state: { cancellation: left } })
  })
})
