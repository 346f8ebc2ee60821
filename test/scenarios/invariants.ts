import type { Entry } from '../../actors/journal/journal.ts'
import { AccountContext } from '../../machines/account/state.ts'
import { InvoiceContext } from '../../machines/invoice/state.ts'
import { SubscriptionContext } from '../../machines/subscription/state.ts'
import type { ActorRef } from '../../values/ids.ts'
import { canonical } from '../../values/json.ts'
import type { System } from '../harness/system.ts'

// What holds at every step of every story, whatever comes in whatever order.

/** Watches entries as they are committed; `violations` says what was broken, and where. */
export interface Watch {
  see(entry: Entry): void
  readonly violations: readonly string[]
}

const granting: ReadonlySet<string> = new Set(['active', 'trialing', 'past_due'])

/** Per actor type: states of its region `status` that are never left. */
const terminal: Readonly<Record<string, readonly string[]>> = {
  subscription: ['canceled', 'incomplete_expired'],
  invoice: ['void', 'paid', 'deleted'],
  payment: ['canceled', 'succeeded'],
}

function statusOf({ snapshot }: Entry): string {
  const { value } = snapshot.state
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ''
  const { status } = value
  return typeof status === 'string' ? status : (Object.keys(status ?? {})[0] ?? '')
}

type Newest = ReadonlyMap<ActorRef, Entry>

export function watch(): Watch {
  const newest = new Map<ActorRef, Entry>()
  const violations: string[] = []

  return {
    violations,
    see(entry) {
      const before = newest.get(entry.actor) ?? null
      // Of several processes, one may tell later what it committed earlier.
      if (before !== null && before.seq >= entry.seq) return
      newest.set(entry.actor, entry)
      const isNext = (before?.seq ?? 0) + 1 === entry.seq
      const found = [
        ...(before ? terminalLeft(before, entry) : []),
        ...(before && isNext ? staleWordActed(before, entry) : []),
        ...(before && isNext ? deadTimerActed(before, entry) : []),
        ...accessWithoutFact(before, entry, newest),
        ...statusWithoutFact(entry, newest),
      ]
      violations.push(...found.map((text) => `${entry.actor}#${entry.seq}: ${text}`))
    },
  }
}

/** I5 */
function terminalLeft(before: Entry, entry: Entry): string[] {
  const [from, to] = [statusOf(before), statusOf(entry)]
  const isLeft = terminal[entry.snapshot.chart]?.includes(from) === true && from !== to
  return isLeft ? [`I5 left ${from} for ${to}`] : []
}

/** I10 */
function staleWordActed(before: Entry, entry: Entry): string[] {
  if (entry.changed) return []
  const isSame =
    canonical(before.snapshot.state) === canonical(entry.snapshot.state) &&
    entry.effects.length === 0
  return isSame ? [] : ['I10 an entry that changes nothing has changed something']
}

/** I11 */
function deadTimerActed(before: Entry, entry: Entry): string[] {
  const { envelope } = entry
  if (envelope.source !== 'timer' || !entry.changed) return []
  const wasArmed = before.snapshot.timers.some(
    ({ name, instance }) => name === envelope.event.type && instance === envelope.event['instance'],
  )
  return wasArmed ? [] : [`I11 the timer ${envelope.event.type} was not armed`]
}

/** I1 and I8: of what an account may use. */
function accessWithoutFact(before: Entry | null, entry: Entry, newest: Newest): string[] {
  if (entry.snapshot.chart !== 'account') return []
  const { entitlements, subscriptions } = AccountContext.parse(entry.snapshot.state['context'])
  const found: string[] = []
  for (const [feature, { granted, subscription }] of Object.entries(entitlements.features)) {
    const status = subscriptions[subscription]?.status ?? 'none'
    if (!granted) continue
    if (!granting.has(status)) found.push(`I1 ${feature} is granted at ${status}`)
    if (![...newest.keys()].some((ref) => ref === subscription)) {
      found.push(`I1 ${feature} is granted by ${subscription}, of which nobody told`)
    }
  }
  if (before === null) return found
  const was = AccountContext.parse(before.snapshot.state['context']).entitlements
  if (entitlements.version < was.version) found.push('I8 the snapshot’s version went back')
  const isSame = canonical(entitlements.features) === canonical(was.features)
  if (!isSame && entitlements.version === was.version) found.push('I8 it changed unnumbered')
  return found
}

/**
 * I1: a subscription that grants stands on the provider's word, or on a first invoice that was
 * paid.
 */
function statusWithoutFact(entry: Entry, newest: Newest): string[] {
  const status = statusOf(entry)
  if (entry.snapshot.chart === 'invoice') return paidWithoutFact(entry, newest)
  if (entry.snapshot.chart !== 'subscription' || !granting.has(status)) return []
  const context = SubscriptionContext.parse(entry.snapshot.state['context'])
  if (context.collector === 'provider') {
    const word = context.observed?.facts.status ?? 'nothing'
    return word === status ? [] : [`I1 it is ${status} where the provider said ${word}`]
  }
  const first = newest.get(`invoice/in_${context.id}_0`)
  return first && statusOf(first) === 'paid' ? [] : [`I1 it is ${status}, its first invoice unpaid`]
}

function paidWithoutFact(entry: Entry, newest: Newest): string[] {
  const { issue, payments } = InvoiceContext.parse(entry.snapshot.state['context'])
  if (issue === null || issue.totalMinor === 0 || statusOf(entry) !== 'paid') return []
  const isPaid = Object.values(payments).some(({ payment }) => {
    const told = newest.get(payment)
    return told !== undefined && statusOf(told) === 'succeeded'
  })
  return isPaid ? [] : ['I1 it is paid where no payment has succeeded']
}

const live: ReadonlySet<string> = new Set([
  'requires_confirmation',
  'requires_action',
  'processing',
  'requires_capture',
  'succeeded',
])

/**
 * I2: of the attempts that the platform made for one invoice, at most one can take money, or has.
 */
export async function liveAttempts({ stripe }: System): Promise<string[]> {
  const attempts = new Map<string, string[]>()
  const { data } = await stripe.paymentIntents.list({ limit: 100 })
  for (const { id, status, metadata } of data) {
    const invoice = metadata['tenure_invoice']
    if (invoice === undefined || !live.has(status)) continue
    attempts.set(invoice, [...(attempts.get(invoice) ?? []), `${id} ${status}`])
  }
  return [...attempts]
    .filter(([, intents]) => intents.length > 1)
    .map(([invoice, intents]) => `I2 ${invoice} has ${intents.join(' and ')}`)
}

/** I9: each letter at most once for its cause: for its invoice, and its words. */
export function doubledMails(system: System): string[] {
  const seen = new Map<string, number>()
  for (const { to, template, data } of system.mails()) {
    const key = `${template} to ${to} for ${JSON.stringify(data['invoice'])}`
    seen.set(key, (seen.get(key) ?? 0) + 1)
  }
  return [...seen].filter(([, times]) => times > 1).map(([key, n]) => `I9 ${key}, ${n} times`)
}
