import { z } from 'zod'
import { authenticate, createApi, textIn, UnexpectedAnswer, type DemoTarget } from './api.ts'

// The whole path, as a customer, a support person and a product service live it.

const Account = z.looseObject({
  standing: z.string(),
  payment_method_status: z.string(),
  subscriptions: z.array(z.looseObject({ id: z.string(), status: z.string() })),
})
const Entitlements = z.looseObject({
  features: z.record(z.string(), z.looseObject({ granted: z.boolean(), reason: z.string() })),
})
const Subscription = z.looseObject({
  id: z.string(),
  status: z.string(),
  next_action: z.looseObject({ redirect_url: z.string().nullable() }).nullable(),
  current_period_end: z.string().nullable(),
})
const Invoices = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), status: z.string() })),
})

/** What is left when the story is over, for comparing two tellings of it. */
export interface StoryEnd {
  readonly standing: string
  readonly paymentMethod: string
  readonly subscription: string
  readonly periodEndsOn: string | null
  readonly granted: readonly string[]
  /** Why features are refused, each reason once. */
  readonly refusedFor: readonly string[]
  readonly invoices: readonly string[]
}

export interface StoryOptions {
  readonly target: DemoTarget
  /** When the story begins, by the sandbox's clock. */
  readonly beginsAt: string
  /** Prints one line. */
  readonly say: (line: string) => void
  /** False under chaos, where webhooks are still on their way: then only the ending is compared. */
  readonly expectEachStep: boolean
}

/** An expectation of the story did not hold. */
export class StoryBroken extends Error {
  override readonly name = 'StoryBroken'
  readonly code = 'story_broken'
}

function createNarrator({ target, say, expectEachStep }: StoryOptions) {
  const api = createApi(target)
  let accountId = ''
  let subscriptionId = ''

  async function state(): Promise<StoryEnd> {
    const account = Account.parse(await api.get('dashboard', `/v1/accounts/${accountId}`))
    const entitlements = Entitlements.parse(
      await api.get('service', `/v1/entitlements/${accountId}`),
    )
    const features = Object.entries(entitlements.features)
    const invoices = Invoices.parse(await api.get('dashboard', `/v1/invoices?account=${accountId}`))
    const subscription =
      subscriptionId === ''
        ? null
        : Subscription.parse(await api.get('dashboard', `/v1/subscriptions/${subscriptionId}`))
    return {
      standing: account.standing,
      paymentMethod: account.payment_method_status,
      subscription: subscription?.status ?? 'none',
      periodEndsOn: subscription?.current_period_end?.slice(0, 10) ?? null,
      granted: features.flatMap(([key, { granted }]) => (granted ? [key] : [])).sort(),
      refusedFor: [...new Set(features.flatMap(([, f]) => (f.granted ? [] : [f.reason])))].sort(),
      invoices: invoices.data.map((invoice) => invoice.status).sort(),
    }
  }

  return {
    api,
    state,
    begin: (account: string) => (accountId = account),
    subscribe: (subscription: string) => (subscriptionId = subscription),
    account: () => accountId,
    /** Prints where the step led, and checks it. */
    async step(what: string, expected: Partial<StoryEnd>): Promise<void> {
      const now = await state()
      say(`${what.padEnd(58)} → ${describe(now)}`)
      if (!expectEachStep) return
      for (const [key, value] of Object.entries(expected)) {
        const found: unknown = Object.entries(now).find(([name]) => name === key)?.[1]
        if (JSON.stringify(found) !== JSON.stringify(value)) {
          throw new StoryBroken(
            `${what}: ${key} is ${JSON.stringify(found)}, expected ${JSON.stringify(value)}`,
          )
        }
      }
    },
    async pass(days: number): Promise<void> {
      await api.post('admin', '/sandbox/clock/advance', { by: `P${days}D` })
    },
  }
}

function describe(now: StoryEnd): string {
  const features = now.granted.length > 0 ? `granted ${now.granted.join(', ')}` : 'nothing granted'
  const why = now.refusedFor.length > 0 ? ` (${now.refusedFor.join(', ')})` : ''
  return `${now.subscription}, ${now.standing}; ${features}${why}`
}

const everything = ['api', 'priority_support', 'projects']

type Narrator = ReturnType<typeof createNarrator>

async function subscribes(tell: Narrator): Promise<void> {
  const { api } = tell
  const account = await api.post('dashboard', '/v1/accounts', {
    email: 'ada@example.com',
    name: 'Ada',
    currency: 'usd',
  })
  tell.begin(textIn(account, 'id'))
  await tell.pass(0)
  await tell.step('signs up', { standing: 'good', paymentMethod: 'none', granted: [] })

  await api.post('dashboard', `/v1/accounts/${tell.account()}/payment-methods`, {
    provider: 'stripe',
    token: 'pm_card_authenticationRequiredOnSetup',
  })
  await tell.pass(0)
  await tell.step('adds a card that asks for 3-D Secure', { paymentMethod: 'valid', granted: [] })

  const answer = Subscription.parse(
    await api.post('dashboard', '/v1/subscriptions', {
      account: tell.account(),
      plan: 'pro_monthly',
    }),
  )
  tell.subscribe(answer.id)
  await tell.pass(0)
  await tell.step('picks a plan; the bank wants to see the customer', {
    subscription: 'incomplete',
    granted: [],
    refusedFor: ['subscription_incomplete'],
  })

  const page = answer.next_action?.redirect_url
  if (!page) throw new UnexpectedAnswer(`no 3-D Secure page in ${JSON.stringify(answer)}`)
  await authenticate(page)
  await tell.pass(0)
  await tell.step('authenticates; Stripe confirms the payment', {
    subscription: 'active',
    standing: 'good',
    granted: everything,
    refusedFor: [],
    invoices: ['paid'],
  })
}

async function stopsPaying(tell: Narrator): Promise<void> {
  await tell.pass(33)
  await tell.step('a month later: the renewal is paid', {
    subscription: 'active',
    invoices: ['paid', 'paid'],
    granted: everything,
  })
  await tell.api.post('dashboard', `/v1/accounts/${tell.account()}/payment-methods`, {
    provider: 'stripe',
    token: 'pm_card_chargeCustomerFail',
  })
  await tell.pass(0)
  await tell.step('now pays with a card that will fail', { paymentMethod: 'valid' })
  await tell.pass(30)
  await tell.step('the next renewal is declined', {
    subscription: 'past_due',
    standing: 'delinquent',
    granted: everything,
  })
}

async function isBanned(tell: Narrator): Promise<void> {
  for (const [days, what, expected] of [
    [4, 'reminded; retries go on', { standing: 'delinquent', granted: everything }],
    [6, 'another card is demanded', { standing: 'delinquent', paymentMethod: 'required' }],
    [5, 'retries are exhausted: bad debt', { standing: 'bad_debt', refusedFor: ['bad_debt'] }],
    [5, 'banned', { standing: 'banned', granted: [], refusedFor: ['banned'] }],
  ] as const) {
    await tell.pass(days)
    await tell.step(`${days} days later: ${what}`, expected)
  }
}

async function paysAndReturns(tell: Narrator): Promise<void> {
  await tell.api.post('dashboard', `/v1/accounts/${tell.account()}/payment-methods`, {
    provider: 'stripe',
    token: 'pm_card_visa',
  })
  await tell.pass(0)
  await tell.step('adds a good card: the debt is paid with it at once', {
    subscription: 'active',
    standing: 'good',
    paymentMethod: 'valid',
    granted: everything,
    refusedFor: [],
    invoices: ['paid', 'paid', 'paid'],
  })
}

/** Tells the whole story and returns how it ends. Throws `StoryBroken` where it goes otherwise. */
export async function tellStory(telling: StoryOptions): Promise<StoryEnd> {
  const tell = createNarrator(telling)
  await tell.api.post('admin', '/sandbox/clock/advance', { to: telling.beginsAt })
  await subscribes(tell)
  await stopsPaying(tell)
  await isBanned(tell)
  await paysAndReturns(tell)
  // The last webhooks of a bad network are days late; the next renewal is not due yet.
  await tell.pass(4)
  const ending = await tell.state()
  telling.say(`${'four days later'.padEnd(58)} → ${describe(ending)}`)
  return ending
}
