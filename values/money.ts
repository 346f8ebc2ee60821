import { z } from 'zod'

/** Minor units (cents, yen): an integer, never a float. */
export const Minor = z.int()

/** ISO 4217 in lower case, as Stripe writes it. */
export const Currency = z.string().regex(/^[a-z]{3}$/, 'must be a currency such as usd')
