import type { Period } from '../../values/calendar.ts'
import type { InvoiceLine } from '../invoice/facts.ts'
import type { PlanTerms } from './terms.ts'

// What a period costs: the only place where an amount meets a quantity.

/** Minor units, for the whole quantity of one period. */
export function amountOf({ amountMinor }: PlanTerms, quantity: number): number {
  return amountMinor * quantity
}

/** The lines that bill one period. */
export function linesOf(terms: PlanTerms, quantity: number, period: Period): InvoiceLine[] {
  const description = quantity === 1 ? terms.name : `${quantity} × ${terms.name}`
  return [{ description, amountMinor: amountOf(terms, quantity), quantity, period }]
}
