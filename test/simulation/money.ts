import type { Stripe } from 'stripe'
import { z } from 'zod'
import type { Entry } from '../../actors/journal/journal.ts'
import { InvoiceContext } from '../../machines/invoice/state.ts'
import { isIn } from '../../machines/state-path.ts'
import { derivedRef } from '../../providers/stripe/refs.ts'
import { type ActorRef, typeOf } from '../../values/ids.ts'
import { secondsOf } from '../../values/instant.ts'
import type { JsonObject } from '../../values/json.ts'
import { type Journal, statusOf } from './journals.ts'

// What must be true of the money, held against the simulated Stripe's own books.

export interface Books {
  readonly stripe: Stripe
  readonly heads: ReadonlyMap<ActorRef, Entry>
  readonly journal: Journal
  /** All rows of all views, by `<view> <key>`. */
  readonly rows: Readonly<Record<string, JsonObject>>
}

/** What is wrong with the money, a line each. */
export async function faultsInMoney(books: Books): Promise<string[]> {
  const charges = await toArray(books.stripe.charges.list({ limit: 100 }))
  const intents = await toArray(books.stripe.paymentIntents.list({ limit: 100 }))
  const invoiceOf = await invoicesByIntent(books.stripe, intents)
  return [
    ...chargedTwice(charges, invoiceOf),
    ...attemptsSideBySide(intents, invoiceOf),
    ...paidAndNotCharged(books, charges, invoiceOf),
    ...stillCharging(books),
    ...chargedAfterItsEnd(books, intents, invoiceOf),
    ...periodsIn(books),
    ...(await ledgerDifference(books)),
  ]
}

async function toArray<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of list) items.push(item)
  return items
}

function idIn(value: string | { readonly id: string } | null | undefined): string {
  return typeof value === 'string' ? value : (value?.id ?? '')
}

/** From a PaymentIntent to the actor of the invoice that it pays. */
async function invoicesByIntent(
  stripe: Stripe,
  intents: readonly Stripe.PaymentIntent[],
): Promise<ReadonlyMap<string, string>> {
  const known = new Map<string, string>()
  for (const { id, metadata } of intents) {
    const ours = metadata['tenure_invoice']
    if (ours) known.set(id, `invoice/${ours}`)
  }
  for (const { payment, invoice } of await toArray(stripe.invoicePayments.list({ limit: 100 }))) {
    known.set(idIn(payment.payment_intent), derivedRef('invoice', idIn(invoice)))
  }
  return known
}

function isCaptured(charge: Stripe.Charge): boolean {
  return charge.status === 'succeeded' && charge.captured
}

function byInvoice(
  charges: readonly Stripe.Charge[],
  invoiceOf: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly Stripe.Charge[]> {
  return groupBy(
    charges.filter(isCaptured),
    (charge) => invoiceOf.get(idIn(charge.payment_intent)) ?? `nothing/${charge.id}`,
  )
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

/** M1, M2: no invoice has taken money twice. */
function chargedTwice(
  charges: readonly Stripe.Charge[],
  invoiceOf: ReadonlyMap<string, string>,
): string[] {
  return [...byInvoice(charges, invoiceOf)]
    .filter(([, captured]) => captured.length > 1)
    .map(([invoice, captured]) => `M2 ${invoice} was charged ${captured.length} times`)
}

/** M1: of what we charge ourselves, an attempt began only when the one before was cancelled. */
function attemptsSideBySide(
  intents: readonly Stripe.PaymentIntent[],
  invoiceOf: ReadonlyMap<string, string>,
): string[] {
  const ours = intents.filter(({ metadata }) => metadata['tenure_invoice'])
  const attempts = groupBy(ours, ({ id }) => invoiceOf.get(id) ?? '')
  return [...attempts].flatMap(([invoice, of]) => {
    const inOrder = of.toSorted((a, b) => attemptIn(a) - attemptIn(b))
    const numbers = new Set(inOrder.map(attemptIn))
    const doubled = numbers.size < inOrder.length ? [`M1 ${invoice} made an attempt twice`] : []
    const overlaps = inOrder.flatMap((intent, index) => {
      const next = inOrder[index + 1]
      if (next === undefined) return []
      const ended = intent.status === 'canceled' ? intent.canceled_at : null
      return ended !== null && ended <= next.created
        ? []
        : [`M1 ${invoice} began attempt ${attemptIn(next)} while ${intent.id} was ${intent.status}`]
    })
    return [...doubled, ...overlaps]
  })
}

function attemptIn({ metadata }: Stripe.PaymentIntent): number {
  return Number(metadata['tenure_attempt'])
}

/** M2: a platform's invoice is paid if, and only if, its total was captured. */
function paidAndNotCharged(
  { heads }: Books,
  charges: readonly Stripe.Charge[],
  invoiceOf: ReadonlyMap<string, string>,
): string[] {
  const captured = byInvoice(charges, invoiceOf)
  return platformInvoices(heads).flatMap(([actor, { issue }, entry]) => {
    const [charge] = captured.get(actor) ?? []
    const status = JSON.stringify(entry.snapshot.state['value'])
    const isPaid = status.includes('"status":"paid"')
    const total = issue?.totalMinor ?? 0
    if (total === 0) return []
    if (isPaid && charge?.amount !== total) return [`M2 ${actor} is paid without its charge`]
    return !isPaid && charge ? [`M2 ${actor} was charged and is not paid: ${status}`] : []
  })
}

/** M2: at rest, no charge that is due waits for a word that never comes. */
function stillCharging({ heads }: Books): string[] {
  return platformInvoices(heads)
    .filter(([, , entry]) => isIn(entry.snapshot.state['value'], 'status.open.charging'))
    .map(([actor]) => `M2 ${actor} is still being charged though all is quiet`)
}

/** M6: no attempt of ours began after its invoice was paid or void. */
function chargedAfterItsEnd(
  { journal }: Books,
  intents: readonly Stripe.PaymentIntent[],
  invoiceOf: ReadonlyMap<string, string>,
): string[] {
  const endOf = new Map<string, number>()
  for (const [actor, entries] of journal) {
    const end = entries.find((entry) => ['paid', 'void'].includes(statusOf(entry)))
    if (typeOf(actor) === 'invoice' && end) endOf.set(actor, secondsOf(end.committedAt))
  }
  return intents
    .filter(({ metadata }) => metadata['tenure_invoice'])
    .filter(({ id, created }) => created > (endOf.get(invoiceOf.get(id) ?? '') ?? created))
    .map(({ id }) => `M6 ${id} began when ${invoiceOf.get(id)} was over`)
}

function platformInvoices(
  heads: ReadonlyMap<ActorRef, Entry>,
): (readonly [ActorRef, InvoiceContext, Entry])[] {
  return [...heads]
    .filter(([actor]) => typeOf(actor) === 'invoice')
    .map(
      ([actor, entry]) =>
        [actor, InvoiceContext.parse(entry.snapshot.state['context']), entry] as const,
    )
    .filter(([, { issue }]) => issue !== null)
}

/** M4: the total is the sum of the lines; a subscription's periods tile. */
function periodsIn({ heads }: Books): string[] {
  const invoices = platformInvoices(heads)
  const sums = invoices
    .filter(
      ([, { issue }]) =>
        issue !== null &&
        issue.totalMinor !== issue.lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0),
    )
    .map(([actor]) => `M4 ${actor} is not the sum of its lines`)
  const bySubscription = groupBy(invoices, ([, { subscription }]) => subscription)
  const gaps = [...bySubscription].flatMap(([subscription, of]) => {
    const inOrder = of
      .flatMap(([, { issue }]) => (issue === null ? [] : [issue]))
      .toSorted((a, b) => a.periodIndex - b.periodIndex)
    return inOrder.flatMap(({ period, periodIndex }, index) => {
      const before = inOrder[index - 1]
      const fits = before === undefined ? periodIndex === 0 : before.period.end === period.start
      return fits ? [] : [`M4 period ${periodIndex} of ${subscription} leaves a gap or overlaps`]
    })
  })
  return [...sums, ...gaps]
}

const Posting = z.object({
  account: z.string(),
  debitMinor: z.int(),
  creditMinor: z.int(),
})
const Transaction = z.looseObject({ currency: z.string(), postings: z.array(Posting) })

/** M3: every transaction balances, and what the provider owes us is what it says, fees aside. */
async function ledgerDifference({ stripe, rows }: Books): Promise<string[]> {
  const ours = new Map<string, number>()
  const faults: string[] = []
  for (const [key, value] of Object.entries(rows)) {
    if (!key.startsWith('ledger ')) continue
    const { currency, postings } = Transaction.parse(value)
    const sum = postings.reduce(
      (all, { debitMinor, creditMinor }) => all + debitMinor - creditMinor,
      0,
    )
    if (sum !== 0) faults.push(`M3 ${key} does not balance`)
    for (const { account, debitMinor, creditMinor } of postings) {
      if (account !== 'provider') continue
      ours.set(currency, (ours.get(currency) ?? 0) + debitMinor - creditMinor)
    }
  }
  const theirs = new Map<string, number>()
  for (const { currency, amount } of await toArray(
    stripe.balanceTransactions.list({ limit: 100 }),
  )) {
    theirs.set(currency, (theirs.get(currency) ?? 0) + amount)
  }
  for (const currency of new Set([...ours.keys(), ...theirs.keys()])) {
    const [mine, stripes] = [ours.get(currency) ?? 0, theirs.get(currency) ?? 0]
    if (mine !== stripes) faults.push(`M3 we book ${mine} ${currency}, Stripe has ${stripes}`)
  }
  return faults
}
