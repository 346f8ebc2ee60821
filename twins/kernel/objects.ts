import type { JsonObject } from '../../values/json.ts'

/** Plain JSON as the API shows it, nothing expanded. */
export type StripeObject = JsonObject & {
  id: string
  object: string
  created: number
  livemode: false
}

/**
 * What is put is frozen and shared. To change an object, put a changed copy; changing it in place
 * throws.
 */
export interface Table {
  get(id: string): StripeObject | undefined
  put(object: StripeObject): void
  remove(id: string): void
  /** Oldest first. */
  all(): readonly StripeObject[]
  /** The oldest. */
  first(): StripeObject | undefined
  /**
   * Those with this string at the dotted path, oldest first; by an index made at the first call.
   */
  where(path: string, value: string): readonly StripeObject[]
}
