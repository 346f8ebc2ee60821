import type { Hono } from 'hono'
import type { Json, JsonObject } from '../../../values/json.ts'
import type { StripeObject } from '../../kernel/objects.ts'

/**
 * A request to the API, decoded: the path's parameters, and the query or the form's fields as one
 * tree.
 */
export interface StripeRequest {
  /** `/v1/customers/:id` gives `params['id']`. Throws if the route names no such parameter. */
  readonly param: (name: string) => string
  /**
   * Values are strings, lists and objects, as forms have them; `expand` is taken out. See `parse`.
   */
  readonly input: JsonObject
  /**
   * True if a publishable key asked: then only what a `client_secret` opens may be shown or done.
   */
  readonly byClient: boolean
}

/**
 * One endpoint. `handle` runs as one unit of work and returns an object or a list from `paginate`;
 * the HTTP layer expands it. It throws `StripeFailure` for every error that the API would answer.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Hono's form: `/v1/customers/:id`. */
  readonly path: string
  /** Publishable keys may call it, too. By default only secret keys. */
  readonly client?: boolean
  handle(request: StripeRequest): JsonObject
}

/** Fields that the API shows only when they are expanded: object name → field → its value. */
export type Includable = Readonly<
  Record<string, Readonly<Record<string, (object: StripeObject) => Json>>>
>

/**
 * What a resource gives to the twin: its endpoints, its pages for people, its includable fields.
 */
export interface Part {
  readonly routes?: readonly Route[]
  /** Mounted at `/`. A page's form does its work inside `state.unit`. */
  readonly pages?: Hono
  readonly includable?: Includable
}
