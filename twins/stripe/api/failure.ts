import type { JsonObject } from '../../../values/json.ts'

export interface FailureBody {
  type: 'card_error' | 'invalid_request_error' | 'idempotency_error' | 'api_error'
  message: string
  code?: string
  param?: string
  /** More fields of the error object, such as `payment_intent`. */
  more?: JsonObject
}

/**
 * An answer that is an error, as Stripe's API gives it. Thrown inside a unit of work, it undoes the
 * unit, unless it `keeps` what was done: a declined confirmation is recorded before it is told.
 */
export class StripeFailure extends Error {
  override readonly name = 'StripeFailure'
  readonly code: string
  readonly status: number
  readonly body: FailureBody
  readonly keeps: boolean
  /** The parameters were refused before anything ran, so that no idempotency key remembers it. */
  readonly early: boolean

  constructor(
    status: number,
    body: FailureBody,
    how: { keeps?: boolean; early?: boolean; cause?: unknown } = {},
  ) {
    super(body.message, { cause: how.cause })
    this.status = status
    this.body = body
    this.code = body.code ?? body.type
    this.keeps = how.keeps ?? false
    this.early = how.early ?? false
  }
}

/** 400: a parameter that is missing or wrong, or a thing that the object's state does not allow. */
export function invalidRequest(param: string | null, message: string, code?: string) {
  return new StripeFailure(400, {
    type: 'invalid_request_error',
    message,
    ...(param === null ? {} : { param }),
    ...(code === undefined ? {} : { code }),
  })
}

/**
 * 404, or 400 for an id inside a body, where Stripe uses the same code. `kind` as in `customer`.
 */
export function notFound(kind: string, id: string, param = 'id') {
  const status = param === 'id' ? 404 : 400
  return new StripeFailure(status, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    param,
    message: `No such ${kind}: '${id}'`,
  })
}

/** 402: the bank said no, or wants the customer. Keeps what was done unless told otherwise. */
export function cardError(error: {
  code: string
  message: string
  decline_code?: string | null
  more?: JsonObject
  keeps?: boolean
}) {
  const decline = error.decline_code ? { decline_code: error.decline_code } : {}
  return new StripeFailure(
    402,
    {
      type: 'card_error',
      code: error.code,
      message: error.message,
      more: { ...decline, ...error.more },
    },
    { keeps: error.keeps ?? true },
  )
}
