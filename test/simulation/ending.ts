import { causesOf } from '../../actors/journal/causes.ts'
import type { Entry } from '../../actors/journal/journal.ts'
import type { Store } from '../../actors/ports.ts'
import { contextOf } from '../../actors/decision/read-snapshot.ts'
import catalogJson from '../../catalog.json' with { type: 'json' }
import { AccountContext } from '../../machines/account/state.ts'
import { Catalog } from '../../machines/catalog/catalog.ts'
import { DunningContext } from '../../machines/dunning/state.ts'
import { createReadBudget } from '../../providers/stripe/read-budget.ts'
import { createResolver } from '../../providers/stripe/resolve.ts'
import { createSweep } from '../../providers/stripe/sweep.ts'
import { isActorRef, type ActorRef, typeOf } from '../../values/ids.ts'
import { msPerDay } from '../../values/instant.ts'
import { canonical } from '../../values/json.ts'
import { createLinks } from '../../views/links.ts'
import { silentLog } from '../harness/logs.ts'
import { faultsIn, readJournal, readViews, statusOf, type Journal } from './journals.ts'
import { faultsInMoney } from './money.ts'
import { retryParked } from './operator.ts'
import { faultsInParking } from './parking.ts'
import { faultsInSize } from './size.ts'
import type { Simulation } from './system.ts'

/** Longer than any webhook, claim or read of a bad month can still be on its way. */
const quietDays = 5

/** Ends the bad weather and waits until all that was late has come. */
export async function comesToRest(system: Simulation): Promise<void> {
  system.calm()
  await system.advanceMs(quietDays * msPerDay)
  await system.settle()
  // One that is tried again may ask for what is parked as well.
  for (let rounds = 1; rounds <= 5 && (await retryParked(system)) > 0; rounds += 1) {
    await system.settle()
    await system.advanceMs(msPerDay)
  }
}

/**
 * Whatever does not hold when a run is over, a line each; empty if all is well. Reconciles on the
 * way.
 */
export async function faultsAtTheEnd(system: Simulation): Promise<string[]> {
  const missed = (await drift(system)).filter((fault) => !onlySwept(fault))
  await system.reconcile()
  // What the first run brings is applied before its sweep.
  await system.reconcile()
  return [
    ...system.alarms.map(({ event, fields }) => `alarm ${event} ${JSON.stringify(fields)}`),
    ...system.violations(),
    ...(await parked(system)),
    ...missed.map((fault) => `${fault}, though every webhook has come`),
    ...(await drift(system)),
    ...(await faultsInJournal(system)),
    ...(await otherWhenRebuilt(system)),
  ]
}

/**
 * Stripe tells by no event of a payment that was tried for an invoice and never paid it: that it
 * belongs to the invoice is seen in its list alone.
 */
function onlySwept(fault: string): boolean {
  return /^drift payment\/\S+ object:/.test(fault)
}

async function faultsInJournal(system: Simulation): Promise<string[]> {
  const { store, stripe, parkedEver } = system
  const journal = await readJournal(store)
  const charts = system.charts()
  const heads = new Map(
    [...journal].flatMap(([actor, entries]): [ActorRef, Entry][] => {
      const head = entries.at(-1)
      return head === undefined ? [] : [[actor, head]]
    }),
  )
  return [
    ...faultsIn(charts, journal),
    ...faultsInParking(charts, journal, parkedEver),
    ...faultsInSize(heads),
    ...mailsTwice(system, journal),
    ...(await faultsInMoney({ stripe, heads, journal, rows: await readViews(store) })),
    ...(await grantsWithoutFact(store, journal)),
  ]
}

async function parked({ store }: Simulation): Promise<string[]> {
  const { items } = await store.parked({ cursor: null, limit: 1_000 })
  return items.map(({ id, error }) => `parked ${id}: ${error}`)
}

/**
 * Law 1: what we hold equals a fresh read of each of the provider's objects. Nothing is told: it
 * only looks.
 */
async function drift({ stripe, store, clock }: Simulation): Promise<string[]> {
  const links = createLinks(store, 'stripe')
  const reads = createReadBudget({ perSecond: 1e6, burst: 1e6 })
  const sweep = createSweep({
    stripe,
    store,
    clock,
    log: silentLog,
    catalog: Catalog.parse(catalogJson),
    links,
    resolver: createResolver({ stripe, links, reads }),
    head: (actor) => store.head(actor),
    reads,
    pagesMax: 100,
  })
  const faults: string[] = []
  let from: string | null = null
  do {
    const swept: Awaited<ReturnType<typeof sweep>> = await sweep({ from, thorough: true })
    faults.push(
      ...swept.drift.map(
        ({ ref, field, ours, theirs }) =>
          `drift ${ref} ${field}: we know ${ours}, Stripe says ${theirs}`,
      ),
    )
    from = swept.position
  } while (from !== null)
  return faults
}

const granting: ReadonlySet<string> = new Set(['active', 'trialing', 'past_due'])

/** M5: whatever grants a feature began to do so because of what the provider said. */
async function grantsWithoutFact(store: Store, journal: Journal): Promise<string[]> {
  const faults: string[] = []
  for (const [actor, entries] of journal) {
    const state = entries.at(-1)?.snapshot.state
    if (typeOf(actor) !== 'account' || state === undefined) continue
    const { entitlements } = AccountContext.parse(state['context'])
    for (const [feature, { granted, subscription }] of Object.entries(entitlements.features)) {
      if (!granted) continue
      const grantor = isActorRef(subscription) ? journal.get(subscription) : undefined
      const began = grantor === undefined ? undefined : lastBeginning(grantor)
      const from = began && { actor: began.actor, seq: began.seq }
      const causes = from && (await causesOf((ref, seq) => store.entry(ref, seq), from, 100))
      if (causes?.complete && causes.chain.some(isConfirmed)) continue
      const chain = causes?.chain.map((one) => `${one.actor}#${one.seq} ${one.envelope.event.type}`)
      faults.push(`M5 ${actor} has ${feature} of ${subscription} by ${chain?.join(' < ')}`)
    }
  }
  return faults
}

/** The entry with which it last became something that grants. */
function lastBeginning(entries: readonly Entry[]): Entry | undefined {
  return entries.findLast(
    (entry, index) => grants(entry) && !grants(entries[index - 1]) && index < entries.length,
  )
}

function grants(entry: Entry | undefined): boolean {
  return entry !== undefined && granting.has(statusOf(entry))
}

function isConfirmed({ envelope: { source, event } }: Entry): boolean {
  return source === 'provider' || (source === 'effect' && event.type.endsWith('.observed'))
}

/**
 * I9: one mail for each cause. Of one case and template, a second one is for another attempt whose
 * card was refused.
 */
function mailsTwice(system: Simulation, journal: Journal): string[] {
  const seen = new Set<string>()
  return system.mails().flatMap((mail) => {
    const cause = canonical([mail.to, mail.template, mail.data, attemptOf(mail.id, journal)])
    if (seen.has(mail.id) || seen.has(cause)) return [`I9 a second mail ${mail.id}: ${cause}`]
    seen.add(mail.id).add(cause)
    return []
  })
}

/** The invoice's newest attempt, as the case that sent the mail knew it. */
function attemptOf(mail: string, journal: Journal): number | null {
  const [actor, seq = ''] = mail.split('#')
  const entries = isActorRef(actor) ? journal.get(actor) : undefined
  const entry = entries?.[Number.parseInt(seq, 10) - 1]
  if (entry === undefined || typeOf(entry.actor) !== 'dunning') return null
  return contextOf(entry, DunningContext).invoice?.attempt ?? null
}

/** P9: views that are dropped and rebuilt from the journal are the same. */
async function otherWhenRebuilt(system: Simulation): Promise<string[]> {
  const { store } = system
  const [before, armed] = [await readViews(store), await store.armedTimerNames()]
  const runtime = await system.runtime()
  await runtime.rebuild(() => {})
  const after = await readViews(store)
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  const rows = [...keys].filter((key) => canonical(before[key]) !== canonical(after[key]))
  const timers =
    canonical(armed.toSorted()) === canonical((await store.armedTimerNames()).toSorted())
  return [
    ...rows.map((key) => `P9 ${key} differs when rebuilt`),
    ...(timers ? [] : ['P9 other timers are armed when rebuilt']),
  ]
}
