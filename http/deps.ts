import type { Chart } from '../actors/decision/chart.ts'
import type { Envelope } from '../actors/journal/envelope.ts'
import type {
  Clock,
  DeadLetters,
  Journal,
  Log,
  RequestKeys,
  Store,
  Views,
} from '../actors/ports.ts'
import type { Runtime } from '../actors/runtime.ts'
import type { Catalog } from '../machines/catalog/catalog.ts'
import type { Provider } from '../machines/refs.ts'
import type { Instant } from '../values/instant.ts'
import type { JsonObject } from '../values/json.ts'
import type { App } from './env.ts'
import type { HttpLimits } from './limits.ts'
import type { ApiKey } from './middleware/auth.ts'
import type { HttpMetrics } from './operations/metrics.ts'
import type { Timers } from './timers.ts'

// Dependencies of `createApp`, supplied by `app/open.ts`.

/** The subset of the runtime that routes use. */
export type HttpRuntime = Pick<
  Runtime,
  | 'tell'
  | 'read'
  | 'history'
  | 'entry'
  | 'at'
  | 'effectsOf'
  | 'possible'
  | 'retryParked'
  | 'subscribe'
  | 'depths'
>

/** The subset of the store that routes use: views, lists, parked items and keyed requests. */
export type HttpStore = Pick<Views, 'viewRow' | 'viewRows'> &
  Pick<Journal, 'actors'> &
  Pick<DeadLetters, 'parked' | 'parkedItem'> &
  Omit<RequestKeys, 'expireRequests'> &
  Pick<Store, 'ping'>

export interface WebhookReceipt {
  readonly rawBody: Uint8Array
  readonly signatureHeader: string | null
  readonly now: Instant
  readonly correlationId: string
}

/** Verifies a webhook and makes its envelope. */
export interface WebhookReceiver {
  receive(receipt: WebhookReceipt):
    | { readonly outcome: 'envelope'; readonly envelope: Envelope }
    | {
        readonly outcome: 'refused'
        readonly code: string
        readonly message: string
        readonly field?: string
        readonly skewSeconds?: number
      }
}

/** The sandbox's own controls; null where Tenure runs against the real providers. */
export interface SandboxControls {
  now(): Instant
  /**
   * Moves every clock of the sandbox. Throws an error with the code `clock_backwards` if it is
   * earlier, and one with `clock_too_far` before anything moves, whose message is the rule that was
   * broken.
   */
  advanceTo(to: Instant): Promise<{ readonly now: Instant }>
  /** Throws a ZodError if the dial is not one. */
  setChaos(dial: JsonObject): JsonObject
  chaos(): JsonObject
}

export interface HttpDeps {
  readonly runtime: HttpRuntime
  readonly store: HttpStore
  /** By actor type: tells which events are requests. */
  readonly charts: Readonly<Record<string, Pick<Chart, 'type' | 'requests'>>>
  readonly catalog: Catalog
  /** Where the customers of new accounts are created. */
  readonly provider: Provider
  readonly clock: Clock
  readonly log: Log
  readonly keys: readonly ApiKey[]
  readonly limits: HttpLimits
  readonly metrics: HttpMetrics
  readonly stripeWebhooks: WebhookReceiver
  readonly sandbox: SandboxControls | null
  /** Mounts of the pages that people see; they stand on this door (`web/`). */
  readonly pages: readonly ((app: App) => void)[]
  /** Resolves while timers fire and effects are delivered; rejects with why not (`JobsLate`). */
  readonly scheduler: { ready(): Promise<void> }
  /** What the provider does not let our key do, under a code that stays; null where nothing is. */
  readonly access: { trouble(): { readonly code: string } | null }
  readonly timers: Timers
  /** How far the event loop is behind; by default not at all. */
  readonly lagMs?: () => number
}
