import { causesOf } from '../../actors/causes.ts'
import type { Entry } from '../../actors/journal.ts'
import { AccountContext } from '../../machines/contexts.ts'
import { isActorRef, type ActorRef, typeOf } from '../../machines/ids.ts'
import { charts } from '../../machines/index.ts'
import { msPerDay } from '../../machines/instant.ts'
import { canonical } from '../../machines/observation.ts'
import { customerLinks, subscriptionLinks } from '../../actors/projections/links.ts'
import catalogJson from '../../catalog.json' with { type: 'json' }
import { Catalog } from '../../machines/catalog.ts'
import { createResolver } from '../../providers/stripe/resolve.ts'
import { createSweep } from '../../providers/stripe/sweep.ts'
import { faultsIn, readJournal, readViews } from './journals.ts'
import { faultsInMoney } from './money.ts'
import { silentLog } from '../world.ts'
import type { Simulation } from './world.ts'

/** Longer than any webhook, claim or read of a bad month can still be on its way. */
const quietDays = 5

/** Ends the bad weather and waits until all that was late has come. */
export async function comesToRest(world: Simulation): Promise<void> {
  world.calm()
  await world.advanceMs(quietDays * msPerDay)
  await world.settle()
}

/** Whatever does not hold when a run is over, a line each; empty if all is well. */
export async function faultsAtTheEnd(world: Simulation): Promise<string[]> {
  const { store } = world
  const journal = await readJournal(store)
  const heads = new Map(
    [...journal].flatMap(([actor, entries]): [ActorRef, Entry][] => {
      const head = entries.at(-1)
      return head === undefined ? [] : [[actor, head]]
    }),
  )
  const rows = await readViews(store)
  return [
    ...world.alarms.map(({ event, fields }) => `alarm ${event} ${JSON.stringify(fields)}`),
    ...(await parked(world)),
    ...(await drift(world)),
    ...faultsIn(charts, journal),
    ...(await faultsInMoney({ stripe: world.stripe, heads, rows })),
    ...(await grantsWithoutCause(world, heads)),
    ...mailsTwice(world),
    ...(await otherWhenRebuilt(world)),
  ]
}

async function parked({ store }: Simulation): Promise<string[]> {
  const { items } = await store.parked({ cursor: null, limit: 1_000 })
  return items.map(({ id, error }) => `parked ${id}: ${error}`)
}

/** Law 1: what we hold equals a fresh read of each of the provider's objects. Nothing is told: it only looks. */
async function drift({ stripe, store, clock }: Simulation): Promise<string[]> {
  const links = async (theirs: string): Promise<ActorRef | null> => {
    const view = theirs.startsWith('cus_') ? customerLinks : subscriptionLinks
    const ref = (await store.viewRow(view.name, theirs))?.['ref']
    return isActorRef(ref) ? ref : null
  }
  const spendRead = () => {}
  const sweep = createSweep({
    stripe,
    store,
    clock,
    log: silentLog,
    catalog: Catalog.parse(catalogJson),
    links,
    resolve: createResolver({ stripe, links, spendRead }),
    head: store.head,
    spendRead,
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

/** M5: every grant of access leads back to what the provider said. */
async function grantsWithoutCause(
  { store }: Simulation,
  heads: ReadonlyMap<ActorRef, Entry>,
): Promise<string[]> {
  const faults: string[] = []
  for (const [actor, { snapshot }] of heads) {
    if (typeOf(actor) !== 'account') continue
    const { entitlements } = AccountContext.parse(snapshot.state['context'])
    for (const [feature, { granted, since }] of Object.entries(entitlements.features)) {
      if (!granted) continue
      const { chain, complete } = await causesOf(store.entry, { actor, seq: since }, 100)
      const isConfirmed = chain.some(({ envelope: { source, event } }) =>
        source === 'provider' || (source === 'effect' && event.type.endsWith('.observed')) ||
        // What was confirmed before is given back.
        event.type === 'account.unban',
      )
      if (!complete || !isConfirmed) {
        const told = chain.map((entry) => `${entry.actor}#${entry.seq} ${entry.envelope.event.type}`)
        faults.push(`M5 ${actor} has ${feature} because of ${told.join(' < ')}`)
      }
    }
  }
  return faults
}

/** I9: one mail for each cause. */
function mailsTwice(world: Simulation): string[] {
  const seen = new Set<string>()
  return world.mails().flatMap((mail) => {
    const cause = canonical([mail.to, mail.template, mail.data])
    if (seen.has(mail.id) || seen.has(cause)) return [`I9 a second mail ${mail.id}: ${cause}`]
    seen.add(mail.id).add(cause)
    return []
  })
}

/** P9: views that are dropped and written anew from the journal are the same. */
async function otherWhenRebuilt(world: Simulation): Promise<string[]> {
  const { store } = world
  const [before, armed] = [await readViews(store), await store.armedTimerNames()]
  const runtime = await world.runtime()
  await runtime.rebuild(() => {})
  const after = await readViews(store)
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  const rows = [...keys].filter((key) => canonical(before[key]) !== canonical(after[key]))
  const timers = canonical(armed.toSorted()) === canonical((await store.armedTimerNames()).toSorted())
  return [
    ...rows.map((key) => `P9 ${key} differs when rebuilt`),
    ...(timers ? [] : ['P9 other timers are armed when rebuilt']),
  ]
}
