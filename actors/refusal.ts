import type { JsonObject } from '../values/json.ts'

/** A "no", as data: a stable code and the facts that explain it. Nothing was written. */
export type Refusal = JsonObject & { code: string }

/** The runtime's own refusals. Charts add theirs with the effect `refuse`. */
export const refusals = {
  /** The event's type is not one that this actor may be told. */
  eventUnknown: (type: string): Refusal => ({ code: 'event_unknown', type }),
  /** The event's type is known, its fields are not right. */
  eventInvalid: (fields: { field: string; problem: string }[]): Refusal => ({
    code: 'event_invalid',
    fields,
  }),
  /**
   * A request that no transition takes in this state; `possible` are the requests that one would.
   */
  notPossibleNow: (state: string, possible: string[]): Refusal => ({
    code: 'not_possible_now',
    state,
    possible,
  }),
  actorTypeUnknown: (type: string): Refusal => ({ code: 'actor_type_unknown', type }),
} as const

/**
 * True for a refusal that says the sender is wrong whatever the state, so that asking again cannot
 * help.
 */
export function isSendersFault(refusal: Refusal): boolean {
  return ['event_unknown', 'event_invalid', 'actor_type_unknown'].includes(refusal.code)
}
