import type { Retries } from '../../../actors/delivery/retries.ts'
import { readRetries } from '../../stored-json.ts'
import type { Row } from '../driver.ts'

/** The member of its claim, its standing and its parked item; none if it never was. */
export function retriedIn({ retried = null }: Row): { readonly retried?: Retries } {
  return retried === null ? {} : { retried: readRetries(retried, () => 'the retries of an effect') }
}
