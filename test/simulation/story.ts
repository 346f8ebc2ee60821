import type { Stripe } from 'stripe'
import { z } from 'zod'
import { msPerDay, msPerHour } from '../../values/instant.ts'
import { createDraw, type Draw } from './draw.ts'
import type { Answer, Role, Simulation } from './system.ts'
import { createTrouble } from './trouble.ts'

// What customers, support and the business do in a simulated run, drawn from its seed.

const minute = 60_000

const cards = [
  'pm_card_visa',
  'pm_card_visa',
  'pm_card_mastercard',
  'pm_card_chargeCustomerFail',
  'pm_card_chargeCustomerFail',
  'pm_card_authenticationRequiredOnSetup',
  'pm_card_authenticationRequired',
  'pm_card_authenticationRequiredChargeDeclinedInsufficientFunds',
  'pm_card_visa_chargeDeclined',
  'pm_card_visa_chargeDeclinedLostCard',
  'pm_card_createDispute',
  'pm_card_createDisputeInquiry',
  'pm_card_pendingRefund',
  'pm_card_refundFail',
  'tok_visa',
] as const

const plans = ['starter_monthly', 'pro_monthly', 'pro_monthly', 'pro_trial'] as const
const pauses = [0, minute, 20 * minute, 5 * msPerHour, msPerDay, 4 * msPerDay] as const

const Named = z.looseObject({ id: z.string() })
const Shown = z.looseObject({
  id: z.string(),
  next_action: z.looseObject({ redirect_url: z.string().nullable() }).nullable(),
})
const Invoices = z.looseObject({ data: z.array(Named) })
const Code = z.looseObject({ code: z.string() })

/** The business may say no to what is asked at a bad moment; anything else is a bug of ours. */
const refusals: ReadonlySet<string> = new Set([
  'not_found',
  'not_possible_now',
  'account_closed',
  'plan_currency_mismatch',
  'trial_needs_provider',
  'payment_method_required',
  'payment_method_unknown',
])

/** An answer that no weather excuses. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer'
  readonly code = 'wrong_answer'
}

interface Person {
  readonly account: string
  readonly subscriptions: string[]
}

interface Scene {
  readonly system: Simulation
  readonly draw: Draw
  readonly people: Person[]
  /** The number of the next thing that somebody asks for. */
  readonly next: () => number
  readonly person: () => Person | null
}

export interface Story {
  readonly customers: number
  readonly days: number
  /** Whether the job that asks the provider for what webhooks missed runs now and then. */
  readonly reconciles: boolean
}

/** Lives through a story drawn from the seed. */
export async function play(
  system: Simulation,
  { customers, days, reconciles }: Story,
): Promise<void> {
  const draw = createDraw(system.seed, 'story')
  const trouble = createTrouble(system)
  const people: Person[] = []
  let asked = 0
  const scene: Scene = {
    system,
    draw,
    people,
    next: () => (asked += 1),
    person: () => people[draw.below(people.length)] ?? null,
  }
  const endsAt = Date.parse(system.clock.now()) + days * msPerDay
  while (Date.parse(system.clock.now()) < endsAt) {
    if (people.length < customers && draw.happens(0.5)) await signsUp(scene)
    for (let n = draw.below(4); n > 0; n -= 1) await draw.pick(deeds)(scene)
    if (reconciles && draw.happens(0.3)) await system.reconcile()
    await trouble.mayCome()
    await system.advanceMs(draw.pick(pauses))
  }
}

/** Asks until there is an answer: with one key, so that it is done once. Null for a no. */
async function ask(
  { system, next }: Scene,
  role: Role,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const key = `key-${next()}`
  for (let tries = 1; tries <= 200; tries += 1) {
    const answer = await system.ask(role, 'POST', path, { key, body: body ?? {} })
    if (answer.status >= 200 && answer.status < 300) return answer.body
    if (isNo(answer)) return null
    // The process died, the store was away, or the first try is thought to be running still.
    await system.advanceMs(answer.status === 409 ? minute : 1_000)
  }
  throw new WrongAnswer(`${path} was never answered`)
}

function isNo({ status, body }: Answer): boolean {
  if (status === 0) return false
  const code = Code.safeParse(body).data?.code ?? ''
  if (refusals.has(code)) return true
  if (code === 'idempotency_key_in_use' || code === 'store_unavailable') return false
  throw new WrongAnswer(`answered ${status}: ${JSON.stringify(body)}`)
}

async function read(system: Simulation, path: string): Promise<unknown> {
  for (let tries = 1; tries <= 200; tries += 1) {
    const answer = await system.ask('dashboard', 'GET', path)
    if (answer.status === 200) return answer.body
    if (isNo(answer)) return null
  }
  throw new WrongAnswer(`${path} was never answered`)
}

async function signsUp(scene: Scene): Promise<void> {
  const n = scene.people.length + 1
  const email = `customer${n}@example.com`
  const made = await ask(scene, 'dashboard', '/v1/accounts', { email, currency: 'usd' })
  scene.people.push({ account: Named.parse(made).id, subscriptions: [] })
}

async function addsCard(scene: Scene): Promise<void> {
  const account = scene.person()?.account
  if (account === undefined) return
  const token = scene.draw.pick(cards)
  const path = `/v1/accounts/${account}/payment-methods`
  await ask(scene, 'dashboard', path, { provider: 'stripe', token })
}

async function subscribes(scene: Scene): Promise<void> {
  const person = scene.person()
  if (person === null || person.subscriptions.length >= 3) return
  const made = await ask(scene, 'dashboard', '/v1/subscriptions', {
    account: person.account,
    plan: scene.draw.pick(plans),
    collection: scene.draw.pick(['provider', 'platform']),
  })
  if (made !== null) person.subscriptions.push(Named.parse(made).id)
}

/** Opens the bank's page and completes it, fails, or closes it again. */
async function answersBank(scene: Scene): Promise<void> {
  const { system, draw } = scene
  const subscription = subscriptionOf(scene)
  if (subscription === null) return
  const shown = await read(system, `/v1/subscriptions/${subscription}`)
  const page = shown === null ? null : Shown.parse(shown).next_action?.redirect_url
  const answer = draw.pick(['complete', 'complete', 'complete', 'fail', 'leave'])
  if (page && answer !== 'leave') await system.answerBank(page, answer)
}

function subscriptionOf({ draw, person }: Scene): string | null {
  const all = person()?.subscriptions ?? []
  return all[draw.below(all.length)] ?? null
}

async function cancels(scene: Scene): Promise<void> {
  const subscription = subscriptionOf(scene)
  if (subscription === null) return
  const at = scene.draw.pick(['period_end', 'period_end', 'now'])
  await ask(scene, 'dashboard', `/v1/subscriptions/${subscription}/cancel`, { at })
}

async function resumes(scene: Scene): Promise<void> {
  const subscription = subscriptionOf(scene)
  if (subscription !== null) {
    await ask(scene, 'dashboard', `/v1/subscriptions/${subscription}/resume`)
  }
}

async function paysInvoice(scene: Scene): Promise<void> {
  const { system, draw } = scene
  const account = scene.person()?.account
  if (account === undefined) return
  const list = await read(system, `/v1/invoices?account=${account}`)
  const invoices = list === null ? [] : Invoices.parse(list).data
  const invoice = invoices[draw.below(invoices.length)]
  if (invoice) await ask(scene, 'dashboard', `/v1/invoices/${invoice.id}/pay`)
}

async function isBannedOrFreed(scene: Scene): Promise<void> {
  const account = scene.person()?.account
  if (account === undefined) return
  const type = scene.draw.pick(['account.ban', 'account.unban'])
  const path = `/admin/actors/account/${account}/events`
  await ask(scene, 'admin', path, { event: { type, reason: 'fraud' } })
}

async function closesAccount(scene: Scene): Promise<void> {
  const account = scene.person()?.account
  if (account === undefined || !scene.draw.happens(0.15)) return
  const path = `/admin/actors/account/${account}/events`
  await ask(scene, 'admin', path, { event: { type: 'account.close' } })
}

/**
 * The business's own people at Stripe's dashboard: there, a request may fail and be left at that.
 */
function business(work: (stripe: Stripe, scene: Scene, key: string) => Promise<unknown>) {
  return async (scene: Scene): Promise<void> => {
    try {
      await work(scene.system.stripe, scene, `business-${scene.next()}`)
    } catch (error) {
      const status = error instanceof Error && 'statusCode' in error ? error.statusCode : null
      if (status === null || status === undefined) throw error
    }
  }
}

function one<T>(items: readonly T[], draw: Draw): T | null {
  return items[draw.below(items.length)] ?? null
}

const refunds = business(async (stripe, { draw }, idempotencyKey) => {
  const { data } = await stripe.charges.list({ limit: 20 })
  const charge = one(
    data.filter((known) => known.paid && !known.refunded),
    draw,
  )
  if (charge === null) return
  const part = draw.happens(0.5) ? { amount: 1 + draw.below(charge.amount) } : {}
  await stripe.refunds.create({ charge: charge.id, ...part }, { idempotencyKey })
})

const answersDispute = business(async (stripe, { draw }, idempotencyKey) => {
  const { data } = await stripe.disputes.list({ limit: 20 })
  const dispute = one(data, draw)
  if (dispute === null) return
  const uncategorized_text = draw.pick(['winning_evidence', 'losing_evidence'])
  const evidence = { evidence: { uncategorized_text }, submit: true }
  await stripe.disputes.update(dispute.id, evidence, { idempotencyKey })
})

const cancelsAtStripe = business(async (stripe, { draw }, idempotencyKey) => {
  const { data } = await stripe.subscriptions.list({ limit: 20 })
  const subscription = one(data, draw)
  if (subscription === null) return
  if (draw.happens(0.5)) await stripe.subscriptions.cancel(subscription.id, {}, { idempotencyKey })
  else {
    const cancel_at_period_end = draw.happens(0.5)
    await stripe.subscriptions.update(subscription.id, { cancel_at_period_end }, { idempotencyKey })
  }
})

const touchesInvoice = business(async (stripe, { draw }, idempotencyKey) => {
  const { data } = await stripe.invoices.list({ limit: 20, status: 'open' })
  const invoice = one(data, draw)
  if (invoice === null) return
  switch (draw.below(3)) {
    case 0:
      return await stripe.invoices.pay(invoice.id, {}, { idempotencyKey })
    case 1:
      return await stripe.invoices.voidInvoice(invoice.id, {}, { idempotencyKey })
    default:
      return await stripe.invoices.markUncollectible(invoice.id, {}, { idempotencyKey })
  }
})

const detachesCard = business(async (stripe, { draw }, idempotencyKey) => {
  const customers = await stripe.customers.list({ limit: 20 })
  const customer = one(customers.data, draw)
  if (customer === null) return
  const { data } = await stripe.customers.listPaymentMethods(customer.id, { limit: 20 })
  const method = one(data, draw)
  if (method !== null) await stripe.paymentMethods.detach(method.id, {}, { idempotencyKey })
})

/** More often what keeps a customer going than what ends everything. */
const deeds = [
  addsCard,
  addsCard,
  addsCard,
  subscribes,
  subscribes,
  subscribes,
  answersBank,
  answersBank,
  answersBank,
  answersBank,
  cancels,
  resumes,
  resumes,
  paysInvoice,
  paysInvoice,
  isBannedOrFreed,
  closesAccount,
  refunds,
  answersDispute,
  cancelsAtStripe,
  touchesInvoice,
  detachesCard,
] as const
