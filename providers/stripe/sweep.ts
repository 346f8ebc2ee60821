import type { Stripe } from 'stripe'
import { RetryLater } from '../../actors/port-errors.ts'
import type { Drift } from '../../machines/reconciliation/events.ts'
import { failureOf, isMissing, isRateLimit, retryAfterMs } from './calls/failures.ts'
import { timed } from './calls/observe.ts'
import { createComparison, type ComparisonPorts, type Comparison, type Tell } from './compare.ts'
import { createWallets, type WalletsPorts } from './sweep-wallets.ts'

export interface SweepPorts extends ComparisonPorts, WalletsPorts {
  /** How many pages one part reads at most. */
  readonly pagesMax: number
}

export interface Part {
  /** Where the part begins: what the one before ended with, or null for the first. */
  readonly from: string | null
  /** With the accounts of ours that no list shows, one read for each. */
  readonly thorough: boolean
}

export interface Swept {
  /** Where the next part begins; null if there is none. */
  readonly position: string | null
  readonly objects: number
  readonly driftCount: number
  readonly drift: readonly Drift[]
  readonly tells: readonly Tell[]
  /** True if Stripe or the read budget ended the part early. */
  readonly isCutShort: boolean
}

/** Where the walk stands: in which list, and after which object of it. */
interface Place {
  readonly list: string
  readonly after: string | null
}

/** What a page of one list came to. `next` is null on its last page. */
interface Page {
  readonly findings: readonly Comparison[]
  readonly next: string | null
}

type ListAnswer = Promise<
  Stripe.Response<{ data: readonly { id: string; object: string }[]; has_more: boolean }>
>
type List = (stripe: Stripe, page: { limit: number; starting_after?: string }) => ListAnswer

/** In this order: owners before what they own. Stripe's lists begin with the newest. */
const lists: Readonly<Record<string, List>> = {
  customers: ({ customers }, page) => customers.list(page),
  subscriptions: ({ subscriptions }, page) => subscriptions.list({ ...page, status: 'all' }),
  invoices: ({ invoices }, page) => invoices.list(page),
  payment_intents: ({ paymentIntents }, page) => paymentIntents.list(page),
  charges: ({ charges }, page) => charges.list(page),
  invoice_payments: ({ invoicePayments }, page) => invoicePayments.list(page),
  refunds: ({ refunds }, page) => refunds.list(page),
  disputes: ({ disputes }, page) => disputes.list(page),
}

const wallets = 'wallets'
/** The most that one page of Stripe's lists holds. */
const pageSize = 100
/** Differences that one part reports; all of them are counted. */
const driftMax = 100

/**
 * Walks through Stripe's objects and compares each with the newest that we know of it, a part at
 * a time. Nothing is written here: a part says what differs, and who is to be told.
 */
export function createSweep(ports: SweepPorts): (part: Part) => Promise<Swept> {
  const { stripe, clock, log, reads } = ports
  const compare = createComparison(ports)
  const walletsPage = createWallets(ports)

  async function objectsPage(list: List, after: string | null): Promise<Page> {
    const now = clock.now()
    const page = { limit: pageSize, ...(after === null ? {} : { starting_after: after }) }
    const reading = { keys: [after ?? ''], now, reader: 'sweep' } as const
    const { object, at } = await reads.spend(reading, () =>
      timed(clock, now, () => list(stripe, page)),
    )
    const findings = await Promise.all(
      object.data.map((shown) => compare({ object: shown, at }, now)),
    )
    return { findings, next: object.has_more ? (object.data.at(-1)?.id ?? null) : null }
  }

  async function pageAt({ list, after }: Place): Promise<Page> {
    const objects = lists[list]
    if (objects === undefined) return await walletsPage(after)
    try {
      return await objectsPage(objects, after)
    } catch (error) {
      // The object after which the page begins is gone: the list is read from its beginning.
      if (after === null || !isMissing(error)) throw error
      log.info('reconcile.list_restarted', { list })
      return { findings: [], next: '' }
    }
  }

  return async function sweepPart({ from, thorough }) {
    const names = thorough ? [...Object.keys(lists), wallets] : Object.keys(lists)
    const findings: Comparison[] = []
    let place: Place | null = placeOf(from, names)
    let isCutShort = false
    for (let n = 0; n < ports.pagesMax && place !== null; n += 1) {
      try {
        const page = await pageAt(place)
        findings.push(...page.findings)
        place = placeAfter(place, page.next, names)
      } catch (error) {
        // What the pages before have found is kept; the next part goes on from here.
        if (isRateLimit(error)) reads.slowDown(clock.now(), retryAfterMs(error))
        const failure = failureOf(error)
        if (!(failure instanceof RetryLater)) throw failure
        log.info('reconcile.sweep_paused', { ...place, reason: failure.message })
        isCutShort = true
        break
      }
    }
    return { ...sumOf(findings), position: place && textOf(place), isCutShort }
  }
}

function sumOf(findings: readonly Comparison[]) {
  return {
    objects: findings.length,
    driftCount: findings.filter(({ drift }) => drift.length > 0).length,
    drift: findings.flatMap(({ drift }) => drift).slice(0, driftMax),
    tells: findings.flatMap(({ tell }) => (tell === null ? [] : [tell])),
  }
}

/** `customers:cus_123`: stored data. A list that is no longer walked begins the walk again. */
function textOf({ list, after }: Place): string {
  return `${list}:${after ?? ''}`
}

function placeOf(text: string | null, names: readonly string[]): Place | null {
  const [first] = names
  if (first === undefined) return null
  const [list = '', ...rest] = (text ?? '').split(':')
  const after = rest.join(':')
  return names.includes(list) ? { list, after: after || null } : { list: first, after: null }
}

function placeAfter({ list }: Place, next: string | null, names: readonly string[]): Place | null {
  if (next !== null) return { list, after: next || null }
  const following = names[names.indexOf(list) + 1]
  return following === undefined ? null : { list: following, after: null }
}
