import { Hono, type Context } from 'hono'
import { textAt } from '../../kernel/fields.ts'
import { StripeFailure } from '../api/failure.ts'
import {
  CardFields,
  ClosedPage,
  Frame,
  pageHeaders,
  priceText,
} from '../checkout/checkout-page.tsx'
import { declineOf, type Checkout } from '../checkout/checkout-pay.ts'
import type { Invoice } from './billing-records.ts'
import { payableIntent } from './invoice-collection.ts'

interface InvoicePageProps {
  readonly invoice: Invoice
  readonly error: string | null
}

function InvoicePage({ invoice, error }: InvoicePageProps) {
  const due = priceText(invoice.amount_remaining, invoice.currency)
  const payable = invoice.status === 'open' || invoice.status === 'uncollectible'
  return (
    <Frame title={`Invoice ${invoice.number ?? ''}`}>
      <h1>Invoice {invoice.number}</h1>
      <p class="note">Simulated: only test cards work, and no money moves.</p>
      {error !== null && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      <table>
        {invoice.lines.data.map((line) => (
          <tr>
            <td>{textAt(line, 'description')}</td>
            <td>{priceText(Number(line['amount'] ?? 0), invoice.currency)}</td>
          </tr>
        ))}
      </table>
      <p>
        Status: <strong>{invoice.status}</strong>
      </p>
      {payable && (
        <form method="post">
          <CardFields />
          <button type="submit">Pay {due}</button>
        </form>
      )}
    </Frame>
  )
}

/**
 * `hosted_invoice_url`: the page on which a customer pays an open invoice, whatever the schedule
 * says.
 */
export function createInvoicePages(checkout: Checkout): Hono {
  const { state, store } = checkout.billing
  const app = new Hono()

  function show(context: Context, error: string | null) {
    const invoice = store.invoices.find(context.req.param('id') ?? '')
    if (invoice !== undefined && invoice.status !== 'draft') {
      const page = <InvoicePage invoice={invoice} error={error} />
      return context.html(page, error === null ? 200 : 402, pageHeaders)
    }
    const page = <ClosedPage title="No such invoice" text="Check the address." />
    return context.html(page, 404, pageHeaders)
  }

  app.get('/i/:id', (context) => show(context, null))
  app.post('/i/:id', async (context) => {
    const { card, number } = await context.req.parseBody()
    const chosen = typeof number === 'string' && number !== '' ? number : card
    if (typeof chosen !== 'string') return show(context, 'Choose a card.')
    try {
      const result = state.unit(() => pay(checkout, context.req.param('id'), chosen))
      return 'url' in result ? context.redirect(result.url, 303) : show(context, result.error)
    } catch (error) {
      if (!(error instanceof StripeFailure)) throw error
      return show(context, error.message)
    }
  })
  return app
}

type Paid = { readonly url: string } | { readonly error: string | null }

function pay({ billing, wallet }: Checkout, id: string, card: string): Paid {
  const invoice = billing.store.invoices.find(id)
  if (invoice?.status !== 'open' && invoice?.status !== 'uncollectible') return { error: null }
  const method = wallet.create({
    type: 'card',
    card: card.startsWith('pm_') ? { token: card } : { number: card },
  })
  const page = `${billing.options.publicUrl()}/i/${id}`
  const { outcome, intent } = billing.payments.confirm(payableIntent(billing, invoice), {
    payment_method: method.id,
    off_session: false,
    authentication: 'wait',
    return_url: page,
  })
  if (outcome === 'declined') return { error: declineOf(intent) }
  return { url: textAt(intent, 'next_action.redirect_to_url.url') ?? page }
}
