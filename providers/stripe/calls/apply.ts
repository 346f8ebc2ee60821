import type { Entry } from '../../../actors/journal/journal.ts'
import type { ClaimedEffect } from '../../../actors/ports.ts'
import { EventEvent, type WebhookOutcome } from '../../../machines/webhook/events.ts'
import type { ActorRef } from '../../../values/ids.ts'
import type { Instant } from '../../../values/instant.ts'
import type { Result } from '../../result.ts'
import { newsIn } from '../news.ts'
import { normalise } from '../normalise.ts'
import type { ReceivedEvent, RecentEvents } from '../recent-events.ts'
import type { CallPorts } from './call.ts'
import { lookUp } from './look-up.ts'
import { targetsOf, toldNews } from './observe.ts'

export type EntryAt = (actor: ActorRef, seq: number) => Promise<Entry | null>

interface ApplyInput {
  readonly claimed: ClaimedEffect
  readonly now: Instant
  readonly ports: CallPorts
  readonly entry: EntryAt
  readonly recent: Pick<RecentEvents, 'take'>
}

export interface WebhookApplied {
  readonly results: readonly Result[]
  readonly outcome: WebhookOutcome
}

/**
 * A webhook, or the object that it notifies of, lacks what we need of it. The message says what and
 * where, and holds no value of it. Thrown, it parks the effect: a release that can read it retries
 * it.
 */
export class WebhookUnreadable extends Error {
  override readonly name = 'WebhookUnreadable'
  readonly code = 'webhook_unreadable'
}

/** The webhook that the entry took: from memory where it came a moment ago. */
async function keptOf({ claimed, entry, recent }: ApplyInput): Promise<ReceivedEvent> {
  const { actor, seq } = claimed
  const held = recent.take(actor)
  if (held !== null) return held
  // The event asked for this when it came; should an operator have asked, it came first of all.
  for (const candidate of [seq, 1]) {
    const found = await entry(actor, candidate)
    const known = EventEvent.safeParse(found?.envelope.event)
    if (!known.success) continue
    const { body, eventType, apiVersion } = known.data
    return { json: parsed(body), eventType, apiVersion }
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

/** `event.apply`: tells every actor that a webhook concerns, and says what became of it. */
export async function applyEvent(applying: ApplyInput): Promise<WebhookApplied> {
  const { now, ports } = applying
  const kept = await keptOf(applying)
  const normalised = normalise(kept.json, ports)
  const outcome =
    normalised.outcome === 'lookup' ? await lookUp(normalised, { now, ports }) : normalised
  if (outcome.outcome === 'unreadable') throw unreadable(kept, outcome.why)
  if (outcome.outcome === 'ignored') {
    return { results: [], outcome: { outcome: 'ignored', detail: outcome.why } }
  }
  const messages = newsIn(outcome.messages)
  const refOf = await ports.resolver.refsOf(messages.flatMap(targetsOf), { now, reader: 'webhook' })
  const results = await toldNews(messages, { refOf, ports })
  const provider = { source: 'provider', principal: 'provider:stripe' } as const
  const news = results.map((result) => ({ ...result, ...provider }))
  return { results: news, outcome: { outcome: 'applied', detail: null } }
}

function unreadable({ eventType, apiVersion }: ReceivedEvent, why: string): WebhookUnreadable {
  const version = apiVersion === null ? '' : ` of version ${apiVersion}`
  return new WebhookUnreadable(
    `${eventType}${version} can't be read: ${why}. Deploy a release that reads it, then retry this`,
  )
}
