import type { Entry } from '../../actors/journal/journal.ts'
import { AccountContext } from '../../machines/account/state.ts'
import { WebhookOutcome } from '../../machines/webhook/events.ts'
import { EventContext } from '../../machines/webhook/state.ts'
import { canonical as sortedJson, stateText } from '../../values/json.ts'
import type { System } from '../harness/system.ts'

// The oracle: what two runs of one story must share, however its webhooks came.

interface Exclusion {
  /** Of the actors of this type; any, if it is null. */
  readonly actor: string | null
  /** The field, wherever it stands. */
  readonly field: string
  /** `value`: only whether it is null is compared; `field`: nothing of it is. */
  readonly leave: 'value' | 'field'
  readonly why: string
}

/** What is left out of the comparison. The table in test/README.md is this one. */
export const exclusions: readonly Exclusion[] = [
  {
    actor: null,
    field: 'seq',
    leave: 'field',
    why: 'a doubled or stale webhook is an entry of its own, so entries are counted differently',
  },
  { actor: null, field: 'version', leave: 'field', why: 'the seq of whoever sent the summary' },
  {
    actor: null,
    field: 'read',
    leave: 'field',
    why: 'which entry asked for a fresh read, if any did: a tie asks, an untied order need not',
  },
  {
    actor: null,
    field: 'at',
    leave: 'field',
    why: 'a fresh read bears its own time, a webhook that of the event; they say the same',
  },
  { actor: 'account', field: 'since', leave: 'field', why: 'a seq: since which entry it is so' },
  {
    actor: 'account',
    field: 'asOf',
    leave: 'value',
    why: 'the newest news of the customer, which may be a read',
  },
  {
    actor: 'account',
    field: 'createdAt',
    leave: 'value',
    why: 'the first news of an account that was not created here',
  },
  {
    actor: 'subscription',
    field: 'createdAt',
    leave: 'value',
    why: 'the first news of a subscription that was not created here',
  },
  {
    actor: null,
    field: 'hasForgotten',
    leave: 'field',
    why: 'whether anything was known before it ended, which depends on what was seen of it',
  },
  {
    actor: 'invoice',
    field: 'caseSeq',
    leave: 'field',
    why: 'a seq, of a case that may be closed',
  },
  { actor: 'invoice', field: 'paySeq', leave: 'value', why: 'a seq' },
  {
    actor: 'invoice',
    field: 'paidAt',
    leave: 'value',
    why: 'the time of the first word that said so, which may be a read',
  },
  {
    actor: null,
    field: 'enforcedAt',
    leave: 'value',
    why: 'a refusal is learned of when it is learned of; every later step keeps its day',
  },
]

/**
 * States whose dunning case is over: whether there ever was one depends on what was seen of its
 * cause.
 */
const over: ReadonlySet<unknown> = new Set(['recovered', 'closed'])

const types = ['account', 'subscription', 'invoice', 'payment', 'dunning']

/** Every newest entry of the actors of this type. */
export async function newest({ store }: System, type: string | null): Promise<Entry[]> {
  const entries: Entry[] = []
  for (let cursor: string | null = null; ;) {
    const page = await store.actors(type, { cursor, limit: 500 })
    for (const actor of page.items) {
      const head = await store.head(actor)
      if (head) entries.push(head)
    }
    cursor = page.cursor
    if (cursor === null) return entries
  }
}

/** An account that heard only of a debt which is over: another order tells it nothing. */
function knowsNothing(context: unknown): boolean {
  const account = AccountContext.safeParse(context)
  if (!account.success) return false
  const { createdAt, subscriptions, invoices, cases, bans, paymentMethods } = account.data
  const known = { ...subscriptions, ...invoices, ...cases, ...bans, ...paymentMethods }
  return createdAt === null && Object.keys(known).length === 0
}

function isClosedCase(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'stage' in value && over.has(value.stage)
}

function essentialOf(type: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => essentialOf(type, item))
  if (typeof value !== 'object' || value === null) return value
  const kept: [string, unknown][] = []
  for (const [field, inner] of Object.entries(value)) {
    if (isClosedCase(inner)) continue
    const rule = exclusions.find(
      (one) => one.field === field && (one.actor === null || one.actor === type),
    )
    if (rule?.leave === 'field') continue
    const isShortened = rule?.leave === 'value' && inner !== null
    kept.push([field, isShortened ? 'some' : essentialOf(type, inner)])
  }
  return Object.fromEntries(kept)
}

/** All of it, less what the table leaves out. */
function essence(type: string, { state, timers }: Entry['snapshot']): unknown {
  return {
    value: state['value'],
    context: essentialOf(type, state['context']),
    timers: timers.map(({ name }) => name).sort(),
  }
}

/** What became of each webhook that was kept: as its receipt says, or the result of its effect. */
export async function webhookOutcomes(system: System) {
  const found: { eventType: string; outcome: string }[] = []
  for (const { actor, seq, snapshot } of await newest(system, 'event')) {
    const eventType = String(EventContext.parse(snapshot.state['context']).eventType)
    const state = stateText(snapshot.state['value'])
    const [effect] = await system.store.effectsOf(actor, seq)
    const result = WebhookOutcome.safeParse(effect?.result)
    found.push({ eventType, outcome: result.success ? result.data.outcome : state })
  }
  return found
}

/**
 * Of the webhooks: how many of each type ended how. Their ids follow from the order of requests.
 */
async function webhooksOf(system: System): Promise<string[]> {
  const counts = new Map<string, number>()
  for (const { eventType, outcome } of await webhookOutcomes(system)) {
    const key = `${eventType} ${outcome}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return [...counts].map(([key, count]) => `webhooks ${key}: ${count}`).sort()
}

/** The state of everything: one line of JSON for each actor, in the order of their refs. */
export async function canonical(system: System): Promise<string[]> {
  const lines: string[] = []
  for (const type of types) {
    for (const { actor, snapshot } of await newest(system, type)) {
      if (type === 'dunning' && over.has(snapshot.state['value'])) continue
      if (type === 'account' && knowsNothing(snapshot.state['context'])) continue
      lines.push(`${actor} ${sortedJson(essence(type, snapshot))}`)
    }
  }
  return [...lines, ...(await webhooksOf(system))]
}
