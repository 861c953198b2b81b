import { Hono } from 'hono'
import { html } from 'hono/html'
import type { Invoice } from '../core/objects/invoices.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { StripeError } from '../http/errors.ts'
import { attemptPayment } from '../resources/invoice-payment.ts'
import { methodOfCard } from '../resources/payment-methods.ts'
import { alert, cardFields, cardOf, dateOf, type Html, money, page } from './layout.ts'
import { pdfOf } from './pdf.ts'

/** Stripe's hosted invoice: to read, to pay, to keep. */
export function invoicePages(sandbox: Sandbox): Hono {
  const pages = new Hono()
  const finalised = (id: string): Invoice | undefined => {
    const invoice = sandbox.find('invoice', id)
    return invoice?.status === 'draft' ? undefined : invoice
  }
  const notFound = () => page('Not found', html`<h1>There is no such invoice</h1>`)

  pages.get('/invoices/:id', (context) => {
    const invoice = finalised(context.req.param('id'))
    return invoice
      ? context.html(page(`Invoice ${invoice.number}`, content(invoice)))
      : context.html(notFound(), 404)
  })

  pages.get('/invoices/:id/pdf', (context) => {
    const invoice = finalised(context.req.param('id'))
    if (!invoice) return context.html(notFound(), 404)
    return context.body(new Uint8Array(pdfOf(linesOf(invoice))), 200, {
      'Content-Disposition': `attachment; filename="Invoice-${invoice.number}.pdf"`,
      'Content-Type': 'application/pdf',
    })
  })

  pages.post('/invoices/:id/pay', async (context) => {
    const invoice = finalised(context.req.param('id'))
    if (invoice?.status !== 'open') return context.html(notFound(), 404)
    const form = await context.req.parseBody()
    sandbox.catchUp()
    try {
      const problem = sandbox.transaction(() => {
        const method = methodOfCard(sandbox, cardOf(form))
        return attemptPayment(sandbox, invoice.id, { method: method.id, isManual: true, isOnSession: true })
          ?.message
      })
      const intent = sandbox.find('payment_intent', sandbox.invoiceIntents.get(invoice.id))
      if (intent?.status === 'requires_action') return context.redirect(`/authenticate/${intent.id}`, 303)
      const after = sandbox.get('invoice', invoice.id)
      return context.html(
        page(`Invoice ${after.number}`, content(after, problem)),
        problem === undefined ? 200 : 402,
      )
    } catch (error) {
      if (!(error instanceof StripeError)) throw error
      return context.html(page(`Invoice ${invoice.number}`, content(invoice, error.message)), 402)
    }
  })

  return pages
}

const content = (invoice: Invoice, problem?: string): Html => html`
  <h1>Invoice ${invoice.number}</h1>
  ${alert(problem)}
  <p>${invoice.customer_name ?? invoice.customer_email ?? ''}, ${dateOf(invoice.created)}: ${invoice.status}</p>
  <table>
    <tbody>
      ${invoice.lines.data.map(
        ({ description, amount, currency }) => html`<tr>
          <th scope="row">${description}</th>
          <td>${money(amount, currency)}</td>
        </tr>`,
      )}
      <tr><th scope="row">Total</th><td>${money(invoice.total, invoice.currency)}</td></tr>
      <tr><th scope="row">To be paid</th><td>${money(invoice.amount_remaining, invoice.currency)}</td></tr>
    </tbody>
  </table>
  <p><a href="/invoices/${invoice.id}/pdf">Download as PDF</a></p>
  ${
    invoice.status === 'open'
      ? html`<form method="post" action="/invoices/${invoice.id}/pay">${cardFields()}<button>Pay</button></form>`
      : ''
  }`

const linesOf = (invoice: Invoice): string[] => [
  `Invoice ${invoice.number}`,
  `${dateOf(invoice.created)}, ${invoice.status}`,
  invoice.customer_name ?? invoice.customer_email ?? '',
  '',
  ...invoice.lines.data.map(
    ({ description, amount, currency }) => `${money(amount, currency)}  ${description}`,
  ),
  '',
  `Total ${money(invoice.total, invoice.currency)}`,
  `Amount due ${money(invoice.amount_due, invoice.currency)}`,
]
