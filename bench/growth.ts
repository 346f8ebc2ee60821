import type { Envelope } from '../actors/journal/envelope.ts'
import type { Store } from '../actors/ports.ts'
import type { TellOutcome } from '../actors/tell-outcome.ts'
import { createFigures, timed } from './measure.ts'
import type { Part } from './part.ts'
import { composeBench, undelivered } from './platform.ts'
import { printTable, printTitle, whole } from './print.ts'
import { beginsAt, enveloped } from './workloads.ts'

const sizes = [10, 1_000]
const sample = 64
/** Enough for the compiler to have seen them before they are measured. */
const decisions = 2_000

function told(n: number, status: string): Envelope {
  return enveloped('account/acct_old', n, {
    type: 'invoice.changed',
    version: n,
    invoice: `invoice/in_${Math.floor(n / 2)}`,
    account: 'account/acct_old',
    subscription: 'subscription/sub_old',
    collector: 'provider',
    status,
    currency: 'usd',
    amountRemainingMinor: status === 'paid' ? 0 : 900,
    dueSince: beginsAt,
    failing: status === 'open',
    hardDecline: null,
    attempt: 1,
    periodIndex: null,
    nextAction: null,
  })
}

const nobody = { fetch: () => Promise.reject(new Error('nothing is asked of Stripe here')) }

/** An account whose invoices opened and were paid, one after the other. */
export const growth: Part = {
  name: 'growth',
  about: 'an account with 1,000 ended invoices: what an entry and a decision cost',
  async run({ withHome }) {
    const figures = createFigures()
    const expectCommitted = ({ outcome }: TellOutcome) => {
      if (outcome !== 'committed') throw new Error(`the account answered ${outcome}`)
    }
    for (const size of sizes) {
      await withHome('embedded', async (home) => {
        const clock = { now: () => beginsAt }
        const quiet = undelivered(home.store)
        const { runtime } = composeBench({ ...nobody, ...quiet, clock })
        const created = {
          email: 'old@example.com',
          name: null,
          currency: 'usd',
          provider: 'stripe',
        }
        expectCommitted(
          await runtime.tell(
            enveloped('account/acct_old', 0, { type: 'account.create', ...created }),
          ),
        )
        let n = 2
        const live = async (count: number) => {
          for (const end = n + count; n < end; n += 1)
            expectCommitted(await runtime.tell(told(n, n % 2 === 0 ? 'open' : 'paid')))
        }
        await live(2 * size)
        const before = await home.journalBytes()
        await live(sample)
        figures.add(`${size} bytes`, ((await home.journalBytes()) - before) / sample)
        await runtime.stop()
        // Again over a store that writes nothing: what is left is the decision, with its view rows.
        const append: Store['append'] = async (commits) =>
          commits.map(() => ({ outcome: 'committed' }))
        const dry = composeBench({ ...nobody, ...quiet, store: { ...quiet.store, append }, clock })
        const decide = async (count: number) => {
          for (const end = n + count; n < end; n += 1)
            expectCommitted(await dry.runtime.tell(told(n, n % 2 === 0 ? 'open' : 'paid')))
        }
        await decide(decisions)
        const took = await timed(() => decide(decisions))
        figures.add(`${size} ms`, took.ms / decisions)
        await dry.runtime.stop()
      })
    }
    printTitle('an account by its ended invoices')
    printTable(
      ['ended invoices', 'bytes an entry', 'ms a decision with its rows, nothing written'],
      sizes.map((size) => [
        whole(size),
        whole(figures.median(`${size} bytes`)),
        figures.median(`${size} ms`).toFixed(3),
      ]),
    )
  },
}
