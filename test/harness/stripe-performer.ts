import type { Stripe } from 'stripe'
import type { Entry } from '../../actors/journal/journal.ts'
import type { Result } from '../../actors/delivery/performer.ts'
import { RetryLater } from '../../actors/port-errors.ts'
import type { ClaimedEffect } from '../../actors/ports.ts'
import { Catalog } from '../../machines/catalog/catalog.ts'
import type { PlanTerms } from '../../machines/catalog/terms.ts'
import type { ProviderEffect } from '../../machines/effects.ts'
import type { AccountAtStripe } from '../../providers/stripe/calls/call.ts'
import { createStripeAccess } from '../../providers/stripe/access.ts'
import { createStripePerformer } from '../../providers/stripe/perform.ts'
import { createReadBudget } from '../../providers/stripe/read-budget.ts'
import { createRecentEvents } from '../../providers/stripe/recent-events.ts'
import { type ActorRef, effectId } from '../../values/ids.ts'
import { type Instant, plusMs } from '../../values/instant.ts'
import { JsonObject } from '../../values/json.ts'
import { silentLog } from './logs.ts'
import { openNetwork } from './stripe-network.ts'

// For tests alone.

export const catalog = Catalog.parse({
  features: [{ key: 'api', name: 'API' }],
  products: [{ key: 'pro', name: 'Pro' }],
  plans: [
    {
      key: 'pro_monthly',
      product: 'pro',
      name: 'Pro, monthly',
      price: { amountMinor: 2900, currency: 'usd', interval: 'month' },
      features: { api: true },
    },
  ],
})

export const terms: PlanTerms = {
  plan: 'pro_monthly',
  product: 'pro',
  name: 'Pro, monthly',
  amountMinor: 2900,
  currency: 'usd',
  interval: 'month',
  intervalCount: 1,
  trialDays: 0,
  features: { api: true },
}

export interface DeliverResult {
  /** Null if it was still waiting after the tries. */
  readonly results: readonly Result[] | null
  /** What became of it, where the effect says so. */
  readonly outcome: JsonObject | null
  readonly delays: readonly RetryLater[]
}

export interface DeliverOptions {
  readonly actor?: ActorRef
  readonly seq?: number
  readonly claimed?: Partial<ClaimedEffect>
  /** How often it is tried at most. */
  readonly tries?: number
}

/** Moves by hand, as the whole simulation does. */
function createHandClock(start: Instant) {
  let now = start
  return {
    now: () => now,
    pass(ms: number): void {
      now = plusMs(now, ms)
    },
  }
}

type ClaimRequest = ProviderEffect | { kind: 'event.apply'; provider: 'stripe' }

function claimOf(
  request: ClaimRequest,
  { now, asking }: { now: Instant; asking: DeliverOptions },
): ClaimedEffect {
  const { actor = 'account/acct_1', seq = 3, claimed = {} } = asking
  return {
    actor,
    seq,
    effect: { ...JsonObject.parse(request), kind: request.kind, id: effectId(actor, seq, 0) },
    correlationId: 'c1',
    occurredAt: now,
    tries: 0,
    attempt: 1,
    firstTriedAt: now,
    leaseEndsAt: plusMs(now, 60_000),
    ...claimed,
  }
}

/** The performer on the simulated Stripe, with a journal and links that the test fills in. */
export function openStripe(options: { readsPerSecond?: number; stripe?: Stripe } = {}) {
  const { readsPerSecond = 1000 } = options
  const clock = createHandClock('2027-01-31T12:00:00.400Z')
  const network = openNetwork(clock)
  const accounts = new Map<string, AccountAtStripe>()
  const entries = new Map<string, Entry>()
  const links = new Map<string, ActorRef>()
  const access = createStripeAccess(silentLog)
  const performer = createStripePerformer({
    stripe: options.stripe ?? network.stripe,
    clock,
    catalog,
    accounts: async (account) => accounts.get(account) ?? null,
    entry: async (actor, seq) => entries.get(`${actor}#${seq}`) ?? null,
    recent: createRecentEvents(),
    links: async (_type, theirs) => links.get(theirs) ?? null,
    reads: createReadBudget({ perSecond: readsPerSecond, burst: readsPerSecond }),
    access,
    returnUrl: 'http://platform.test/return',
  })

  return {
    ...network,
    ...clock,
    performer,
    access,
    accounts,
    entries,
    links,

    claim: (request: ClaimRequest, asking: DeliverOptions = {}) =>
      claimOf(request, { now: clock.now(), asking }),

    /**
     * Tries an effect as the delivery does: again after RetryLater, with a new attempt where it
     * says so.
     */
    async deliver(
      request: ClaimRequest,
      { tries = 6, ...asking }: DeliverOptions = {},
    ): Promise<DeliverResult> {
      const delays: RetryLater[] = []
      let claimed = claimOf(request, { now: clock.now(), asking })
      for (let i = 0; i < tries; i += 1) {
        try {
          const answer = await performer.perform(claimed, clock.now())
          if ('results' in answer) return { ...answer, delays }
          return { results: answer, outcome: null, delays }
        } catch (error) {
          if (!(error instanceof RetryLater)) throw error
          delays.push(error)
          clock.pass(Math.max(1000, error.afterMs ?? 0))
          claimed = again(claimed, { error, now: clock.now() })
        }
      }
      return { results: null, outcome: null, delays }
    },

    /** An account with a customer, and a card that is its default. */
    async customer(account: `account/${string}`, card: string | null = null): Promise<string> {
      const { customers, paymentMethods } = network.stripe
      const metadata = { tenure_account: account.slice('account/'.length) }
      const { id: customer } = await customers.create({ email: 'ada@example.com', metadata })
      const method = card === null ? null : await paymentMethods.attach(card, { customer })
      if (method !== null) {
        const invoice_settings = { default_payment_method: method.id }
        await customers.update(customer, { invoice_settings })
      }
      accounts.set(account, {
        customer,
        defaultPaymentMethod: method?.id ?? null,
        isAttaching: false,
      })
      return customer
    },
  }
}

export type StripeWorld = ReturnType<typeof openStripe>

/** The next claim after RetryLater, as the delivery settles it. */
function again(
  claimed: ClaimedEffect,
  { error, now }: { error: RetryLater; now: Instant },
): ClaimedEffect {
  const tries = claimed.tries + (error.counts ? 1 : 0)
  if (!error.newAttempt) return { ...claimed, tries }
  return { ...claimed, tries, attempt: claimed.attempt + 1, firstTriedAt: now }
}

/** What the results tell, without their times. */
export function eventsOf({ results }: DeliverResult): readonly Result['event'][] {
  return (results ?? []).map(({ event }) => event)
}

/** A field of an event that is a string; empty where it is none. */
export function textIn(event: Result['event'] | undefined, field: string): string {
  const value: unknown = event === undefined ? undefined : Reflect.get(event, field)
  return typeof value === 'string' ? value : ''
}

/** A field of an event's facts that is a string. */
export function factIn(event: Result['event'] | undefined, field: string): string {
  const facts = event !== undefined && 'facts' in event ? event['facts'] : null
  const value = typeof facts === 'object' && facts !== null ? Object.entries(facts) : []
  const [, found] = value.find(([name]) => name === field) ?? []
  return typeof found === 'string' ? found : ''
}
