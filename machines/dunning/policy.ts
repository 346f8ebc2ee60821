import { z } from 'zod'

/**
 * What happens to an unpaid invoice, day by day from its finalisation. Validated data that an
 * operator edits (`dunning-policy.json`); a case keeps the policy with which it was opened.
 */
export const DunningStep = z.discriminatedUnion('do', [
  /** Writes to the customer. */
  z.strictObject({
    day: z.int().nonnegative(),
    do: z.literal('email'),
    template: z.string().min(1),
  }),
  /**
   * Charges again. Only where the platform collects; a provider that collects has its own schedule.
   */
  z.strictObject({ day: z.int().nonnegative(), do: z.literal('retry') }),
  /**
   * Requires another payment method. Taken at once when the bank's refusal makes retries pointless.
   */
  z.strictObject({
    day: z.int().nonnegative(),
    do: z.literal('enforce'),
    template: z.string().min(1),
  }),
  /** Suspends the features while the invoice is unpaid. */
  z.strictObject({ day: z.int().nonnegative(), do: z.literal('restrict') }),
  /** Gives up hope: the debt is bad. */
  z.strictObject({ day: z.int().nonnegative(), do: z.literal('write_off') }),
  /** Bans the account for this debt. */
  z.strictObject({ day: z.int().nonnegative(), do: z.literal('ban') }),
])
export type DunningStep = z.infer<typeof DunningStep>

export const DunningPolicy = z
  .strictObject({
    id: z.string().min(1),
    version: z.int().positive(),
    steps: z.array(DunningStep).min(1).max(60),
  })
  .check((context) => {
    const { steps } = context.value
    const fail = (message: string) =>
      context.issues.push({ code: 'custom', message, input: steps, path: ['steps'] })
    if (steps.some((step, i) => i > 0 && step.day < (steps[i - 1]?.day ?? 0))) {
      fail('must be in the order of their days')
    }
    if (steps.filter((step) => step.do === 'write_off').length !== 1) {
      fail('must hold exactly one write_off, so that every case ends')
    }
    const ban = steps.findIndex((step) => step.do === 'ban')
    if (ban !== -1 && ban < steps.findIndex((step) => step.do === 'write_off')) {
      fail('must write off before they ban')
    }
    if (
      steps.some(
        (step, i) => step.do === 'retry' && i > steps.findIndex((s) => s.do === 'write_off'),
      )
    ) {
      fail('must not retry after the write_off')
    }
  })
export type DunningPolicy = z.infer<typeof DunningPolicy>
