import type { Entry } from '../../../actors/journal.ts'
import type { ClaimedEffect } from '../../../actors/ports.ts'
import { EventEvent } from '../../../machines/webhook/events.ts'
import type { ActorRef } from '../../../values/ids.ts'
import type { Instant } from '../../../values/instant.ts'
import type { Result } from '../../result.ts'
import { toTheKnown } from '../news.ts'
import { type NormaliseResult, normalise } from '../normalise.ts'
import type { CallPorts } from './call.ts'
import { lookUp } from './look-up.ts'
import { targetsOf, toldNews } from './observe.ts'

export type EntryAt = (actor: ActorRef, seq: number) => Promise<Entry | null>

interface ApplyInput {
  readonly claimed: ClaimedEffect
  readonly now: Instant
  readonly ports: CallPorts
  readonly entry: EntryAt
}

type Outcome = Exclude<NormaliseResult, { outcome: 'lookup' | 'unreadable' }>

/**
 * A webhook, or the object that it notifies of, lacks what we need of it. The message says what and
 * where, and holds no value of it. Thrown, it parks the effect: a release that can read it retries
 * it.
 */
export class WebhookUnreadable extends Error {
  override readonly name = 'WebhookUnreadable'
  readonly code = 'webhook_unreadable'
}

interface StoredBody {
  readonly body: string
  readonly eventType: string
  readonly apiVersion: string | null
}

/** The webhook that the entry took. */
async function keptOf({ claimed, entry }: ApplyInput): Promise<StoredBody> {
  const { actor, seq } = claimed
  // The event asked for this when it came; should an operator have asked, it came first of all.
  for (const candidate of [seq, 1]) {
    const found = await entry(actor, candidate)
    const parsed = EventEvent.safeParse(found?.envelope.event)
    if (found === null || !parsed.success || parsed.data.type !== 'event.received') continue
    const { body, eventType, apiVersion } = parsed.data
    return { body, eventType, apiVersion }
  }
  throw new Error(`${actor} holds no webhook at entry ${seq}`)
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}

/**
 * `event.apply`: tells every actor that a webhook concerns, and the webhook's own actor who they
 * were.
 */
export async function applyEvent(applying: ApplyInput): Promise<readonly Result[]> {
  const { now, ports } = applying
  const kept = await keptOf(applying)
  const normalised = normalise(parsed(kept.body), ports)
  const outcome =
    normalised.outcome === 'lookup' ? await lookUp(normalised, { now, ports }) : normalised
  if (outcome.outcome === 'unreadable') throw unreadable(kept, outcome.why)
  if (outcome.outcome !== 'applied') {
    return [applied(outcome.outcome, { detail: outcome.why, told: [] })]
  }
  const messages = await toTheKnown(outcome.messages, ports)
  const refOf = await ports.resolver.refsOf(messages.flatMap(targetsOf), { now, reader: 'webhook' })
  const results = await toldNews(messages, { refOf, ports })
  const told = [...new Set(results.map(({ to }) => to))]
  const provider = { source: 'provider', principal: 'provider:stripe' } as const
  const news = results.map((result) => ({ ...result, ...provider }))
  return [...news, applied('applied', { detail: null, told })]
}

function unreadable({ eventType, apiVersion }: StoredBody, why: string): WebhookUnreadable {
  const version = apiVersion === null ? '' : ` of version ${apiVersion}`
  return new WebhookUnreadable(
    `${eventType}${version} can't be read: ${why}. Deploy a release that reads it, then retry this`,
  )
}

function applied(
  outcome: Outcome['outcome'],
  { detail, told }: { detail: string | null; told: ActorRef[] },
): Result {
  return { event: { type: 'event.applied', outcome, detail, told } }
}
