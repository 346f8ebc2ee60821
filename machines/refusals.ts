import { z } from 'zod'

// Every business "no", with the facts that explain it. A new one is added here, and does not
// compile until `http/problem.ts` gives it a status and a page; nothing in this file knows of HTTP.

const FieldProblem = z.object({
  /** A path into the event, such as `facts.status`. */
  field: z.string(),
  problem: z.string(),
})

export const Refusal = z.discriminatedUnion('code', [
  /**
   * A request that no transition takes in this state; `possible` are the requests that one would.
   */
  z.object({
    code: z.literal('not_possible_now'),
    state: z.string(),
    possible: z.array(z.string()),
  }),
  /** The actor may not be told an event of this type. */
  z.object({ code: z.literal('event_unknown'), type: z.string() }),
  z.object({ code: z.literal('event_invalid'), fields: z.array(FieldProblem) }),
  z.object({ code: z.literal('actor_type_unknown'), type: z.string() }),
  z.object({ code: z.literal('plan_unknown'), plan: z.string() }),
  /** It bills those who have it and takes no new ones. */
  z.object({ code: z.literal('plan_archived'), plan: z.string() }),
  z.object({
    code: z.literal('plan_currency_mismatch'),
    plan: z.string(),
    planCurrency: z.string(),
    accountCurrency: z.string(),
  }),
  /** The platform's own billing has no trials yet; the provider's has. */
  z.object({ code: z.literal('trial_needs_provider'), plan: z.string() }),
  z.object({ code: z.literal('account_closed'), lifecycle: z.string() }),
  /** There is nothing that could be charged. */
  z.object({ code: z.literal('payment_method_required') }),
  /** The account has no such payment method, or it was detached. */
  z.object({ code: z.literal('payment_method_unknown'), paymentMethod: z.string() }),
])
export type Refusal = z.infer<typeof Refusal>
export type RefusalCode = Refusal['code']
