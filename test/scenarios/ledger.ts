import { z } from 'zod'
import type { System } from '../harness/system.ts'

const Row = z.object({
  currency: z.string(),
  postings: z.array(z.object({ account: z.string(), debitMinor: z.int(), creditMinor: z.int() })),
})

/** What the ledger holds, by account, in minor units of the one currency of the story. */
export async function ledgerOf({ store }: System): Promise<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (let cursor: string | null = null; ;) {
    const page = await store.viewRows('ledger', '', { cursor, limit: 500 })
    for (const { value } of page.items) {
      for (const { account, debitMinor, creditMinor } of Row.parse(value).postings) {
        sums[account] = (sums[account] ?? 0) + debitMinor - creditMinor
      }
    }
    cursor = page.cursor
    if (cursor === null) return sums
  }
}

/** I4: transactions whose debits and credits differ. */
export async function unbalanced({ store }: System): Promise<string[]> {
  const found: string[] = []
  for (let cursor: string | null = null; ;) {
    const page = await store.viewRows('ledger', '', { cursor, limit: 500 })
    for (const { key, value } of page.items) {
      const sum = Row.parse(value).postings.reduce((n, p) => n + p.debitMinor - p.creditMinor, 0)
      if (sum !== 0) found.push(`I4 ${key} is off by ${sum}`)
    }
    cursor = page.cursor
    if (cursor === null) return found
  }
}

/**
 * What Stripe holds for us by its own books: captures, less refunds that stand, less what disputes
 * took.
 */
export async function cashAtStripe({ stripe }: System): Promise<number> {
  let cash = 0
  for await (const { status, captured, amount_captured } of stripe.charges.list({ limit: 100 })) {
    if (status === 'succeeded' && captured) cash += amount_captured
  }
  for await (const { status, amount } of stripe.refunds.list({ limit: 100 })) {
    if (status === 'succeeded') cash -= amount
  }
  for await (const { status, amount } of stripe.disputes.list({ limit: 100 })) {
    if (['needs_response', 'under_review', 'lost'].includes(status)) cash -= amount
  }
  return cash
}

/** I3: where the ledger's cash is not the provider's. */
export async function strayMoney(system: System): Promise<string[]> {
  const ours = (await ledgerOf(system))['provider'] ?? 0
  const theirs = await cashAtStripe(system)
  return ours === theirs ? [] : [`I3 the ledger holds ${ours}, Stripe ${theirs}`]
}
