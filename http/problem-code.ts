import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { RefusalCode } from '../machines/refusals.ts'

/** What a code means to whoever reads it: the source of `/docs/errors` and of docs/errors.md. */
export interface ProblemPage {
  readonly status: ContentfulStatusCode
  readonly title: string
  readonly happened: string
  readonly remedy: string
}

/**
 * The problemResponses of the HTTP door itself; those of the business are in
 * `machines/refusals.ts`.
 */
export type DoorCode =
  | 'body_not_json'
  | 'body_too_deep'
  | 'idempotency_key_invalid'
  | 'operator_required'
  | 'webhook_refused'
  | 'unauthorized'
  | 'forbidden'
  | 'event_not_sendable'
  | 'not_found'
  | 'route_unknown'
  | 'method_not_allowed'
  | 'idempotency_key_in_use'
  | 'clock_backwards'
  | 'body_too_large'
  | 'content_type_unsupported'
  | 'invalid_request'
  | 'idempotency_key_reused'
  | 'too_many_requests'
  | 'internal'
  | 'actor_parked'
  | 'actor_busy'
  | 'webhooks_waiting'
  | 'store_unavailable'
  | 'store_damaged'
  | 'not_ready'

export type ProblemCode = DoorCode | RefusalCode
