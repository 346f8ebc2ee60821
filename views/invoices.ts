import { contextOf } from '../actors/decision/read-snapshot.ts'
import { InvoiceContext } from '../machines/invoice/state.ts'
import { summaryOf } from '../machines/invoice/summaries.ts'
import { rowsOf, valueOf } from './row.ts'

/** One row per invoice that has an account, by `<account id>/<invoice id>`. */
export const invoicesView = rowsOf('invoices', 'invoice', 'latest', (entry) => {
  const invoice = contextOf(entry, InvoiceContext)
  if (invoice.account === null) return []
  const { status } = valueOf(entry)
  const name = typeof status === 'string' ? status : Object.keys(status ?? {})[0]
  const summary = summaryOf(invoice, name ?? 'unknown')
  return [
    {
      key: `${invoice.account.slice('account/'.length)}/${invoice.id}`,
      value: {
        id: invoice.id,
        account: summary.account,
        subscription: summary.subscription,
        status: summary.status,
        currency: summary.currency,
        totalMinor: invoice.issue?.totalMinor ?? invoice.observed?.facts.totalMinor ?? 0,
        amountRemainingMinor: summary.amountRemainingMinor,
        number: invoice.observed?.facts.number ?? null,
        createdAt: invoice.issue?.issuedAt ?? invoice.observed?.facts.createdAt ?? null,
      },
    },
  ]
})
