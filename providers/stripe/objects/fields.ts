import { z } from 'zod'
import { instantOfSeconds } from '../../../values/instant.ts'

// The pieces of Stripe's objects that every version writes alike.

/** Up to the year 9999, the last that an instant can hold. */
const unixSeconds = z.int().min(0).max(253_402_300_799)

export const Seconds = unixSeconds.transform(instantOfSeconds)

export const MaybeSeconds = unixSeconds
  .nullish()
  .transform((seconds) => (typeof seconds === 'number' ? instantOfSeconds(seconds) : null))

/** A string, or null where it is null, empty or absent. */
export const MaybeText = z
  .string()
  .nullish()
  .transform((value) => (value === undefined || value === '' ? null : value))

/** The id of an object that may be expanded, deleted, null or absent. */
export const MaybeId = z
  .union([z.string(), z.object({ id: z.string() }).transform((object) => object.id)])
  .nullish()
  .transform((id) => (id === undefined || id === '' ? null : id))

export const CurrencyCode = z
  .string()
  .regex(/^[A-Za-z]{3}$/, 'must be a currency such as usd')
  .transform((code) => code.toLowerCase())

/** From `{ start, end }` in seconds. */
export const MaybePeriod = z
  .object({ start: Seconds, end: Seconds })
  .nullish()
  .transform((period) => period ?? null)

/**
 * The bank's word where it gave one, else the error's code. Of `last_payment_error` and its like.
 */
export const MaybeDecline = z
  .object({ decline_code: MaybeText, code: MaybeText })
  .nullish()
  .transform((error) => error?.decline_code ?? error?.code ?? null)
