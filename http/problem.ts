import { Refusal } from '../machines/refusals.ts'
import type { JsonObject } from '../values/json.ts'
import type { ProblemCode, ProblemPage } from './problem-code.ts'

/** The one table of statuses. */
export const problems = {
  body_not_json: {
    status: 400,
    title: 'The body is not JSON',
    happened: 'The body of the request is not JSON, or not UTF-8.',
    remedy: 'Send one JSON object, encoded as UTF-8. Nothing was done.',
  },
  body_too_deep: {
    status: 400,
    title: 'The body is nested too deeply',
    happened: 'The arrays and objects of the body lie deeper than the member `limit` allows.',
    remedy: 'Send the fields that /docs shows for the route. Nothing was done.',
  },
  idempotency_key_invalid: {
    status: 400,
    title: 'The idempotency key is not usable',
    happened: 'The Idempotency-Key header is empty, too long, or holds more than printable ASCII.',
    remedy: 'Send 1 to 255 printable ASCII characters; a UUID is a good choice. Nothing was done.',
  },
  operator_required: {
    status: 400,
    title: 'The operator must be named',
    happened: 'A request that changes something under /admin came without a usable X-Operator.',
    remedy:
      'Send X-Operator with the name of the person who acts: 1 to 64 letters, digits, ' +
      'dots, dashes, underscores, plus signs or at signs. It goes into the audit trail.',
  },
  webhook_refused: {
    status: 400,
    title: 'The webhook was refused',
    happened:
      'The signature is missing, wrong or out of its time, or the body is not an event. ' +
      'The member `reason` says which. Nothing was stored.',
    remedy:
      'Check that the signing secret is the one of this endpoint, that the body reaches us ' +
      'byte for byte, and that the clocks of both sides are right.',
  },
  unauthorized: {
    status: 401,
    title: 'A key is required',
    happened: 'The request has no API key, or one that is not known here.',
    remedy: 'Send `Authorization: Bearer <key>` with a key that is configured and not revoked.',
  },
  forbidden: {
    status: 403,
    title: 'This key may not do that',
    happened:
      'The key is valid, and its role does not include this route, or the key sees some accounts ' +
      'alone (`restricted`) where the route concerns them all.',
    remedy: 'Use a key with one of the roles in `roles` that is not restricted to some accounts.',
  },
  event_not_sendable: {
    status: 403,
    title: 'This event cannot be sent by hand',
    happened:
      'The event says what happened elsewhere: what a provider reported, a timer, or another ' +
      'actor. Those are never made up, by operators neither.',
    remedy:
      'Send one of the requests in the member `sendable`. To learn what the provider says ' +
      'now, send `refresh`.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    happened: 'There is no such object, or this key may not see it; the answer is the same.',
    remedy: 'Check the id, and that the key belongs to the right environment.',
  },
  route_unknown: {
    status: 404,
    title: 'No such route',
    happened: 'No route has this path.',
    remedy: 'Look the path up in /docs. The routes under /sandbox exist in the sandbox only.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This method is not allowed here',
    happened: 'The path exists, and does not take this method.',
    remedy: 'Use one of the methods in the Allow header.',
  },
  not_possible_now: {
    status: 409,
    title: 'Not possible in this state',
    happened:
      'The object is in a state in which this cannot be asked. The member `state` names it, ' +
      'and `possible` lists what can be asked instead.',
    remedy: 'Read the object again, and decide again from the state that it is in.',
  },
  account_closed: {
    status: 409,
    title: 'The account is closed',
    happened: 'The account is closing or closed, so that nothing new can begin on it.',
    remedy: 'Use another account. Closed accounts stay closed.',
  },
  idempotency_key_in_use: {
    status: 409,
    title: 'The first request is still running',
    happened: 'Another request with the same Idempotency-Key has begun and not yet ended.',
    remedy: 'Wait as long as Retry-After says, and send the same request again.',
  },
  clock_backwards: {
    status: 409,
    title: 'The clock cannot go back',
    happened: 'The sandbox clock stands later than the moment that was asked for.',
    remedy: 'Advance to a moment at or after the one in the member `now`.',
  },
  payment_method_required: {
    status: 402,
    title: 'A payment method is required',
    happened: 'The account has no payment method that could be charged.',
    remedy: 'Add one with POST /v1/accounts/{id}/payment-methods, and ask again.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    happened: 'The body has more bytes than the member `limit` allows. It was not read.',
    remedy: 'Send a smaller body.',
  },
  content_type_unsupported: {
    status: 415,
    title: 'The content type is not supported',
    happened: 'The body came with no content type, or with one that this route does not read.',
    remedy: 'Send `Content-Type: application/json`.',
  },
  invalid_request: {
    status: 422,
    title: 'The request is not valid',
    happened:
      'Some fields are missing, unknown or wrong. Each item of `errors` says where (`in`, and a ' +
      'JSON pointer) and why.',
    remedy: 'Correct the fields that are named. Nothing was done.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key belongs to another request',
    happened: 'The Idempotency-Key was used before, on this route, with another body.',
    remedy: 'Use a new key for a new request, or the same body to repeat the old one.',
  },
  event_unknown: {
    status: 422,
    title: 'The actor takes no such event',
    happened: 'The type of the event is not one that this kind of actor knows.',
    remedy: 'Look at the possible transitions of GET /admin/actors/{type}/{id}.',
  },
  event_invalid: {
    status: 422,
    title: 'The event is not valid',
    happened: 'The type of the event is known, and its fields are not right; `fields` names them.',
    remedy: 'Correct the fields that are named. Nothing was done.',
  },
  actor_type_unknown: {
    status: 404,
    title: 'No such kind of actor',
    happened: 'No statechart has this name.',
    remedy: 'Use account, subscription, invoice or another of the kinds in docs/machines.',
  },
  plan_unknown: {
    status: 422,
    title: 'No such plan',
    happened: 'The catalog has no plan with this key.',
    remedy: 'Use a key from GET /v1/plans.',
  },
  plan_archived: {
    status: 422,
    title: 'The plan is no longer sold',
    happened: 'The plan is archived: it goes on for those who have it, and takes no new ones.',
    remedy: 'Use a plan from GET /v1/plans that is not archived.',
  },
  plan_currency_mismatch: {
    status: 422,
    title: 'The plan is sold in another currency',
    happened: 'An account is billed in one currency, and the plan has its price in another.',
    remedy: 'Choose a plan in the currency of the account, or use an account in that currency.',
  },
  trial_needs_provider: {
    status: 422,
    title: 'A trial is collected by the provider',
    happened:
      'The plan begins with a trial, and the subscription was to be collected by the platform.',
    remedy: 'Ask for `collection: "provider"`, or choose a plan without a trial.',
  },
  payment_method_unknown: {
    status: 422,
    title: 'No such payment method',
    happened: 'The account has no payment method with this id, or it was detached.',
    remedy: 'Use an id from the `payment_methods` of the account, or leave the field out.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too much at once',
    happened:
      'More is being done at this moment than this process takes, or more streams are open. Nothing was done.',
    remedy: 'Wait as long as Retry-After says, and send the same request again.',
  },
  internal: {
    status: 500,
    title: 'Something is wrong on our side',
    happened: 'The request met a fault of ours. It is logged under the id in `instance`.',
    remedy:
      'Send the request again with the same Idempotency-Key; it takes effect once. If it ' +
      'fails again, report the id.',
  },
  actor_parked: {
    status: 503,
    title: 'The object waits for an operator',
    happened: 'An earlier event of this object failed on our side, so that it takes no more now.',
    remedy: 'Try again later. Operators see it under GET /admin/parked and can retry it.',
  },
  actor_busy: {
    status: 503,
    title: 'Too much waits for this object',
    happened: 'More events wait for this one object than we hold in memory.',
    remedy: 'Wait as long as Retry-After says, and send the same request again.',
  },
  webhooks_waiting: {
    status: 503,
    title: 'Too many webhooks at once',
    happened:
      'More webhooks are being stored at this moment than this process takes. Nothing was stored.',
    remedy: 'Send it again, as providers do by themselves; reconciliation finds what they give up.',
  },
  store_unavailable: {
    status: 503,
    title: 'The store does not answer',
    happened:
      'The database did not answer, so that it is not known whether the request took effect.',
    remedy: 'Send the request again with the same Idempotency-Key; it takes effect once.',
  },
  store_damaged: {
    status: 503,
    title: 'The store is damaged',
    happened: 'The file of the journal is damaged: nothing is read or written any more.',
    remedy: 'Keep the file, and put the newest backup in its place (docs/operations.md, Backups).',
  },
  not_ready: {
    status: 503,
    title: 'Not ready',
    happened:
      'The store or the scheduler is not able to work; `failing` says which, and `checks` what to do.',
    remedy: 'Wait until /readyz answers 200 before sending requests to this process.',
  },
} as const satisfies Record<ProblemCode, ProblemPage>

/** Thrown by whatever a request meets, and answered by the app's error handler. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  /** Members of the answer beside the standard ones. */
  readonly facts: JsonObject
  readonly headers: Readonly<Record<string, string>>
  /** True for a "no" of the business: an answer to keep for a repeated request. */
  readonly isRefusal: boolean

  constructor(
    code: ProblemCode,
    more: {
      detail?: string
      facts?: JsonObject
      headers?: Readonly<Record<string, string>>
      isRefusal?: boolean
      cause?: unknown
    } = {},
  ) {
    super(more.detail ?? problems[code].happened, { cause: more.cause })
    this.code = code
    this.facts = more.facts ?? {}
    this.headers = more.headers ?? {}
    this.isRefusal = more.isRefusal ?? false
  }
}

/**
 * The problem that a refusal becomes. Throws if no page knows its code, which is a fault of ours.
 */
export function refused(refusal: JsonObject & { code: string }): Problem {
  const { code, ...facts } = Refusal.parse(refusal)
  return new Problem(code, { facts: snakeCased(facts), isRefusal: true })
}

function snakeCased(facts: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  )
}

/** Every code, in the order of the table. */
export function problemCodes(): ProblemCode[] {
  return Object.keys(problems).filter(isProblemCode)
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code)
}
