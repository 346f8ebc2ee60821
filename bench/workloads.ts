import type { Chart, Charts } from '../actors/decision/chart.ts'
import type { Envelope } from '../actors/journal/envelope.ts'
import catalogJson from '../catalog.json' with { type: 'json' }
import { Catalog, termsOf } from '../machines/catalog/catalog.ts'
import { charts } from '../machines/index.ts'
import type { ActorRef } from '../values/ids.ts'
import { plusMs, type Instant } from '../values/instant.ts'
import { tally } from './smallest.ts'

/** A chart, and an endless line of events for its actors. */
export interface Workload {
  readonly name: string
  readonly chart: Chart
  readonly charts: Charts
  /** The n-th event, from 0, of the actor of this number in this run. */
  readonly envelope: (run: string, actor: number, n: number) => Envelope
}

export const beginsAt: Instant = '2027-01-10T00:00:00.000Z'

/** What a subscriber of the plan `pro_monthly` has bought. */
export const proTerms = termsOf(Catalog.parse(catalogJson), 'pro_monthly')
if (proTerms === null)
  throw new Error('catalog.json has no plan pro_monthly: the benchmark needs it')

/** News that a provider has told at the n-th second. */
export function enveloped(to: ActorRef, n: number, event: Envelope['event']): Envelope {
  const at = plusMs(beginsAt, n * 1000)
  return {
    id: `evt_${n}`,
    to,
    event,
    source: 'provider',
    occurredAt: at,
    receivedAt: at,
    causationId: null,
    correlationId: `bench_${n}`,
    principal: 'provider:stripe',
  }
}

/** `tally`: one number; nothing is asked for. */
const smallest: Workload = {
  name: 'smallest',
  chart: tally,
  charts: { tally },
  envelope: (run, actor, n) => enveloped(`tally/${run}_${actor}`, n, { type: 'counted', n: 1 }),
}

/** The subscription's own chart; every event is news, and is told to the account. */
const subscription: Workload = {
  name: 'subscription',
  chart: charts.subscription,
  charts,
  envelope(run, actor, n) {
    const id = `sub_${run}_${actor}`
    const facts = {
      subscription: id,
      status: n % 2 === 0 ? 'active' : 'past_due',
      price: 'price_pro',
      quantity: 1,
      period: { start: beginsAt, end: '2027-02-10T00:00:00.000Z' },
      cancelAt: null,
      canceledAt: null,
      endedAt: null,
      trialEnd: null,
      latestInvoice: `in_${n}`,
    }
    const account = `account/acct_${run}_${actor}`
    return enveloped(`subscription/${id}`, n, {
      type: 'subscription.observed',
      provider: 'stripe',
      read: null,
      account,
      terms: proTerms,
      facts,
    })
  },
}

export const workloads: readonly Workload[] = [smallest, subscription]

/** Events of so many actors in turn: the n-th of each before the next of any. */
export function envelopesOf(
  { envelope }: Workload,
  { run, actors, count }: { run: string; actors: number; count: number },
): Envelope[] {
  return Array.from({ length: count }, (_, i) => envelope(run, i % actors, Math.floor(i / actors)))
}
