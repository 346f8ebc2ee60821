import { createHmac } from 'node:crypto'
import type { Log } from '../../../actors/ports.ts'
import type { JsonObject } from '../../../values/json.ts'
import type { Chaos } from '../../kernel/chaos.ts'
import { flagAt, numberAt, textAt } from '../../kernel/fields.ts'
import type { StripeObject, Table } from '../../kernel/objects.ts'
import type { Job } from '../../kernel/queue.ts'
import type { Ground } from '../../kernel/state.ts'
import { thinNotification } from './thin-events.ts'

export interface WebhookEndpoint {
  readonly url: string
  /** `whsec_…` */
  readonly secret: string
  /**
   * Event notifications of subscriptions and invoices are posted, too, beside the snapshot events.
   */
  readonly thin?: boolean
  /**
   * Posts the body and returns the status; a rejection counts as no answer. It must end by itself
   * (Stripe waits some ten seconds), since so many go at once and no more, and must not wait for
   * `runDue`.
   */
  send(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<number>
}

const minute = 60
const hour = 60 * minute

/**
 * Seconds from one failed try to the next: 72 hours in all. Stripe documents an exponential
 * back-off over three days and no numbers; these are the twin's own.
 */
export const retrySeconds: readonly number[] = [
  5 * minute,
  25 * minute,
  90 * minute,
  3 * hour,
  5 * hour,
  8 * hour,
  12 * hour,
  18 * hour,
  24 * hour,
]

/** The value of a `Stripe-Signature` header over this body. */
export function signatureHeader(body: string, secret: string, atSeconds: number): string {
  const mac = createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex')
  return `t=${atSeconds},v1=${mac}`
}

interface WebhookParts {
  readonly endpoint: WebhookEndpoint | null
  readonly chaos: Chaos
  readonly log: Log
}

/** In the field a completed session is told before all that it made in the same second. */
function rankOf(event: StripeObject, { rank }: { readonly rank: number }): number {
  return event['type'] === 'checkout.session.completed' && rank === 0 ? -1 : rank
}

interface Desk extends WebhookParts {
  readonly state: Ground
  readonly deliveries: Table
  readonly events: Table
}

interface Copy {
  readonly kind: 'snapshot' | 'thin'
  readonly copy: string
}

/** A try that is booked and not yet made. */
export interface Try {
  readonly job: Job
  /** As it was before the try. */
  readonly delivery: StripeObject
}

function queue(desk: Desk, event: StripeObject, { kind, copy }: Copy): void {
  const plan = desk.chaos.plan(`${event.id}/${kind}`, copy)
  const id = `${event.id}.${kind}.${copy}`
  desk.deliveries.put({
    id,
    object: 'sandbox.delivery',
    created: desk.state.now(),
    livemode: false,
    event: event.id,
    kind,
    tries: 0,
    drop_first: plan.dropFirst,
    rank: rankOf(event, plan),
  })
  const at = desk.state.now() + plan.delaySeconds
  desk.state.deliveries.schedule({ kind, id, at, rank: rankOf(event, plan) })
}

function queueAll(desk: Desk, event: StripeObject): void {
  if (desk.endpoint === null) return
  const kinds = desk.endpoint.thin === true && thinNotification(event) !== null
  for (let copy = 0; copy <= desk.chaos.get().duplicate; copy += 1) {
    queue(desk, event, { kind: 'snapshot', copy: String(copy) })
    if (kinds) queue(desk, event, { kind: 'thin', copy: String(copy) })
  }
  desk.events.put({ ...event, pending_webhooks: 1 })
}

function bodyOf(desk: Desk, delivery: StripeObject): JsonObject | null {
  const event = desk.events.get(textAt(delivery, 'event') ?? '')
  if (event === undefined) return null
  return textAt(delivery, 'kind') === 'thin' ? thinNotification(event) : event
}

/** Books the try before it is made: should the process die meanwhile, the retry is there. */
function begin(desk: Desk, { id, kind }: Job): StripeObject | null {
  const delivery = desk.deliveries.get(id)
  const tries = delivery === undefined ? 0 : (numberAt(delivery, 'tries') ?? 0)
  const wait = retrySeconds[tries]
  if (delivery === undefined) {
    desk.state.deliveries.unschedule(kind, id)
    return null
  }
  if (wait === undefined) settled(desk, delivery, kind)
  else {
    desk.deliveries.put({ ...delivery, tries: tries + 1 })
    const rank = numberAt(delivery, 'rank') ?? 0
    desk.state.deliveries.schedule({ kind, id, at: desk.state.now() + wait, rank })
  }
  return delivery
}

function settled(desk: Desk, delivery: StripeObject, kind: string): void {
  desk.state.deliveries.unschedule(kind, delivery.id)
  desk.deliveries.remove(delivery.id)
  const event = desk.events.get(textAt(delivery, 'event') ?? '')
  if (event !== undefined && kind === 'snapshot') desk.events.put({ ...event, pending_webhooks: 0 })
}

async function post(desk: Desk, delivery: StripeObject): Promise<number> {
  const body = bodyOf(desk, delivery)
  if (desk.endpoint === null || body === null) return 0
  const text = JSON.stringify(body, null, 2)
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'User-Agent': 'Stripe/1.0 (simulated)',
    'Stripe-Signature': signatureHeader(text, desk.endpoint.secret, desk.state.now()),
  }
  try {
    return await desk.endpoint.send(desk.endpoint.url, headers, text)
  } catch (error) {
    desk.log.warn('sandbox.webhook_unanswered', { delivery: delivery.id, error: String(error) })
    return 0
  }
}

/** Makes the try that was booked. */
async function send(desk: Desk, { job, delivery }: Try): Promise<void> {
  const { state, log } = desk
  const tries = numberAt(delivery, 'tries') ?? 0
  const lost = tries === 0 && flagAt(delivery, 'drop_first')
  const status = lost ? 0 : await post(desk, delivery)
  const ok = status >= 200 && status < 300
  if (ok && tries < retrySeconds.length)
    state.unitAt(job.at, () => settled(desk, delivery, job.kind))
  if (!ok) log.debug('sandbox.webhook_failed', { delivery: delivery.id, tries, status })
}

/** Posts every Event to the endpoint until it answers 2xx or three days have passed. */
export function createWebhooks(state: Ground, wiring: WebhookParts) {
  const desk: Desk = {
    ...wiring,
    state,
    deliveries: state.table('sandbox.delivery'),
    events: state.table('event'),
  }
  state.onEvent((event) => queueAll(desk, event))

  return {
    /** Books a try of the delivery that is due; null if it is no longer wanted. */
    begin: (job: Job): Try | null => {
      const delivery = state.unitAt(job.at, () => begin(desk, job))
      return delivery === null ? null : { job, delivery }
    },

    /** Makes a try that was booked; resolves when it was answered or has failed. */
    send: (booked: Try): Promise<void> => send(desk, booked),

    /**
     * Posts the event once more, as the Dashboard's button does. False if there is no such event.
     */
    resend: (eventId: string): boolean =>
      state.unit(() => {
        const event = desk.events.get(eventId)
        if (event === undefined || desk.endpoint === null) return false
        queue(desk, event, { kind: 'snapshot', copy: `resend${state.count('resend')}` })
        return true
      }),
  }
}

export type Webhooks = ReturnType<typeof createWebhooks>
