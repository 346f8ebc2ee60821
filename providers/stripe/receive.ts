import { createHash } from 'node:crypto'
import type { Envelope } from '../../actors/journal/envelope.ts'
import type { Instant } from '../../values/instant.ts'
import { nestingOf } from '../../values/json-depth.ts'
import { canonical } from '../../values/json.ts'
import { EventBody } from './event-body.ts'
import type { RecentEvents } from './recent-events.ts'
import { safeId } from './refs.ts'
import { type VerifyCode, verifyWebhook } from './verify.ts'

export interface ReceiverOptions {
  readonly secrets: readonly string[]
  readonly toleranceSeconds: number
  /** Our own Stripe account, `acct_…`; null if it is not known. */
  readonly accountId: string | null
  readonly livemode: boolean
}

export interface Delivery {
  readonly rawBody: Uint8Array | string
  readonly signatureHeader: string | null
  readonly now: Instant
  readonly correlationId: string
}

export type ReceiveResult =
  | { readonly outcome: 'envelope'; readonly envelope: Envelope }
  | {
      readonly outcome: 'refused'
      readonly code: VerifyCode | 'body_not_event' | 'body_too_deep'
      readonly message: string
      /** A JSON pointer to what is wrong with the body. */
      readonly field?: string
      /** How far our clock is ahead of Stripe's, where that is why. */
      readonly skewSeconds?: number
    }

export interface StripeReceiver {
  /** From a webhook's bytes to the envelope that keeps them. Pure: nothing is stored here. */
  receive(delivery: Delivery): ReceiveResult
  /** For an event that we fetched from Stripe ourselves, over its API. */
  receiveTrusted(event: unknown, at: { now: Instant; correlationId: string }): ReceiveResult
}

/**
 * Turns webhooks into envelopes for actors of type `event`, one for each event and content.
 * Throws RangeError at the first delivery if the tolerance is not positive.
 */
export function createStripeReceiver(
  options: ReceiverOptions,
  recent: Pick<RecentEvents, 'remember'>,
): StripeReceiver {
  const { secrets, toleranceSeconds } = options
  return {
    receive({ rawBody, signatureHeader, now, correlationId }) {
      const verified = verifyWebhook({ rawBody, signatureHeader, secrets, toleranceSeconds, now })
      if (!verified.ok) {
        const { code, message, skewSeconds } = verified
        const skew = skewSeconds === undefined ? {} : { skewSeconds }
        return { outcome: 'refused', code, message, ...skew }
      }
      const { event: json, body } = verified
      const received = envelopeFor(json, { body, now, correlationId }, options)
      if (received.outcome === 'envelope') recent.remember(received.envelope, json)
      return received
    },
    receiveTrusted(event, { now, correlationId }) {
      // As Stripe prints a webhook, so that a store packs the one like the other.
      const body = JSON.stringify(event, null, 2)
      return envelopeFor(event, { body, now, correlationId }, options)
    },
  }
}

/** Stripe's deepest objects have about ten levels; reading any JSON must not end the stack. */
const levelsMax = 200

interface Arrival {
  readonly body: string
  readonly now: Instant
  readonly correlationId: string
}

function envelopeFor(json: unknown, arrival: Arrival, options: ReceiverOptions): ReceiveResult {
  if (nestingOf(arrival.body) > levelsMax) {
    const message = `The body is not a Stripe event: it lies deeper than ${levelsMax} levels.`
    return { outcome: 'refused', code: 'body_too_deep', message }
  }
  const parsed = EventBody.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = `/${(issue?.path ?? []).map(pointerPart).join('/')}`
    const message = `The body is not a Stripe event: ${field} ${issue?.message ?? 'is wrong'}.`
    return { outcome: 'refused', code: 'body_not_event', message, field }
  }
  const event = parsed.data
  const key = `${safeId(event.id).slice(0, 180)}~${contentDigest(event)}`
  const envelope: Envelope = {
    id: key,
    to: `event/${key}`,
    event: {
      type: 'event.received',
      provider: 'stripe',
      eventId: event.id,
      eventType: event.type,
      apiVersion: event.object === 'event' ? (event.api_version ?? null) : null,
      body: arrival.body,
      quarantine: quarantineOf(event, options),
    },
    source: 'provider',
    occurredAt: event.created,
    receivedAt: arrival.now,
    causationId: null,
    correlationId: arrival.correlationId,
    principal: 'provider:stripe',
  }
  return { outcome: 'envelope', envelope }
}

/** RFC 6901. */
function pointerPart(part: PropertyKey): string {
  return String(part).replaceAll('~', '~0').replaceAll('/', '~1')
}

/**
 * Stripe repeats an event with the same content, but an event's id alone does not name the content:
 * an event that is fetched later, or in another version, may differ, and test suites reuse ids.
 * With the content in the key, the same thing twice is one event, and no other thing is lost.
 */
function contentDigest(event: EventBody): string {
  const content =
    event.object === 'event'
      ? { type: event.type, created: event.created, data: event.data }
      : {
          type: event.type,
          created: event.created,
          data: event.data ?? null,
          related: event.related_object ?? null,
        }
  return createHash('sha256').update(canonical(content)).digest('hex').slice(0, 16)
}

/** Why the event is not for us, or null if it is. */
function quarantineOf(event: EventBody, { accountId, livemode }: ReceiverOptions): string | null {
  if (event.livemode !== livemode) {
    const mode = (live: boolean) => (live ? 'live' : 'test')
    return `an event of ${mode(event.livemode)} mode, where we run in ${mode(livemode)} mode`
  }
  const account = event.object === 'event' ? event.account : event.context
  if (!account || account === accountId) return null
  return `an event of the account ${account}, which is not ours`
}
