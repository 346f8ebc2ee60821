import { describe, expect, test } from 'vitest'
import type { Word } from '../../test/charts/explore.ts'
import { account, day, subscriptionObserved, terms } from '../../test/charts/given.ts'
import { live } from '../../test/charts/live.ts'
import type { EffectRequest } from '../effects.ts'
import { SubscriptionContext } from './state.ts'

const create: Word = {
  type: 'subscription.create',
  account,
  terms,
  quantity: 1,
  collector: 'provider',
  provider: 'stripe',
}
const cancel: Word = { type: 'subscription.cancel', when: 'now' }
const later: Word = { type: 'subscription.cancel', when: 'period_end' }
const resume: Word = { type: 'subscription.resume' }
const accepted: Word = {
  type: 'subscription.accepted',
  subscription: 'sub_x',
  invoice: 'in_x',
  paymentIntent: 'pi_x',
  clientSecret: 'secret',
  paymentMethod: 'pm_1',
}
const anotherCard: Word = { type: 'payment_method.available', version: 9, paymentMethod: 'pm_2' }
const incomplete = subscriptionObserved({ status: 'incomplete' })
const active = subscriptionObserved()
const scheduled = subscriptionObserved({ cancelAt: day(31) })

function rejected(effect: string): Word {
  return { type: 'effect.rejected', effect, code: 'x', message: 'No.' }
}

function subscription(...words: readonly Word[]) {
  const actor = live('subscription', 'sub_1')
  const asked = words.map((word) => actor.tell(word)).at(-1) ?? []
  return { ...actor, asked }
}

function kinds(effects: readonly EffectRequest[]): string[] {
  return effects.map((effect) =>
    effect.kind === 'tell' ? `tell ${String(effect.event['status'])}` : effect.kind,
  )
}

describe('a subscription that is to end before the provider has it', () => {
  test.each([
    { why: 'the provider accepts it', word: accepted },
    { why: 'its first webhook comes', word: incomplete },
    {
      why: 'another object names it',
      word: {
        type: 'subscription.referenced',
        provider: 'stripe',
        subscription: 'sub_x',
        account,
      },
    },
  ])('is cancelled, and not paid, as soon as $why', ({ word }) => {
    const actor = subscription(create, cancel, word)
    expect(kinds(actor.asked)).toContain('provider.cancel_subscription')
    expect(kinds(actor.asked)).not.toContain('payment_intent.confirm')
  })

  test('is cancelled once', () => {
    expect(kinds(subscription(create, cancel, accepted, incomplete).asked)).toEqual([])
  })

  test('is not cancelled for the end of a period that it does not have yet', () => {
    expect(subscription(create).takes(later)).toBe(false)
  })
})

describe('a subscription that the provider refused to create', () => {
  test('has ended, and its account is told', () => {
    const actor = subscription(create, rejected('provider.create_subscription'))
    expect(actor.state()).toMatchObject({ status: 'incomplete_expired', cancellation: 'none' })
    expect(kinds(actor.asked)).toEqual(['tell incomplete_expired'])
  })

  test('has ended, also where it was to be cancelled', () => {
    const actor = subscription(create, cancel, rejected('provider.create_subscription'))
    expect(actor.state()).toMatchObject({ status: 'incomplete_expired', cancellation: 'none' })
  })

  test('goes on where the provider has it all the same', () => {
    const actor = subscription(create, accepted, rejected('provider.create_subscription'))
    expect(actor.state()).toMatchObject({ status: 'incomplete' })
    const shown = subscription(create, rejected('provider.create_subscription'), active)
    expect(shown.state()).toMatchObject({ status: 'active' })
  })
})

describe('M5 a first payment is confirmed only while it is wanted', () => {
  test.each([
    { why: 'while the customer waits', words: [create, accepted], confirms: true },
    { why: 'not after a cancellation', words: [create, incomplete, cancel, accepted] },
    { why: 'not once it is paid', words: [create, active, accepted] },
    {
      why: 'with another card',
      words: [create, accepted, anotherCard],
      confirms: true,
    },
    {
      why: 'not with another card after a cancellation',
      words: [create, accepted, cancel, anotherCard],
    },
  ])('$why', ({ words, confirms = false }) => {
    expect(kinds(subscription(...words).asked).includes('payment_intent.confirm')).toBe(confirms)
  })

  test('an answer that comes after the payment leaves nothing for the customer to do', () => {
    const { context } = subscription(create, active, { ...accepted, paymentMethod: null })
    expect(SubscriptionContext.parse(context())).toMatchObject({
      nextAction: null,
      firstPayment: null,
    })
  })

  test('a confirmation that was refused is the customer’s to make', () => {
    const { context } = subscription(create, accepted, rejected('payment_intent.confirm'))
    expect(SubscriptionContext.parse(context()).nextAction).toEqual({
      paymentIntent: 'pi_x',
      clientSecret: 'secret',
      url: null,
      declineCode: null,
    })
  })
})

describe('a cancellation that is being taken back', () => {
  test('gives way to one for now', () => {
    const actor = subscription(scheduled, resume, cancel)
    expect(kinds(actor.asked)).toEqual(['provider.cancel_subscription'])
    expect(actor.state()).toMatchObject({ cancellation: 'ending' })
  })

  test('may be asked for again where the provider’s answer still has an end', () => {
    const actor = subscription(scheduled, resume)
    actor.tell({ ...scheduled, read: actor.seq() - 1 })
    expect(actor.state()).toMatchObject({ cancellation: 'scheduled' })
    expect([actor.takes(resume), actor.takes(cancel)]).toEqual([true, true])
  })
})

describe('a refusal ends only what was refused', () => {
  test.each([
    {
      words: [active, cancel],
      is: 'ending',
      refused: 'provider.cancel_subscription',
      left: 'none',
    },
    {
      words: [active, later],
      is: 'scheduling',
      refused: 'provider.update_subscription',
      left: 'none',
    },
    {
      words: [scheduled, resume],
      is: 'resuming',
      refused: 'provider.update_subscription',
      left: 'scheduled',
    },
  ])('$is', ({ words, is, refused, left }) => {
    const other = rejected('object.read')
    expect(subscription(...words, other).state()).toMatchObject({ cancellation: is })
    const own = subscription(...words, rejected(refused))
    expect(own.state()).toMatchObject({ cancellation: left })
  })
})
