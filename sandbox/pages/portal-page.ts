import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import type { PortalSession } from '../core/objects/hosted.ts'
import type { Subscription } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { StripeError } from '../http/errors.ts'
import { changeCard } from '../resources/portal.ts'
import { release } from '../resources/schedules.ts'
import { changeSubscription } from '../resources/subscription-changes.ts'
import { currentPeriod } from '../resources/subscription-items.ts'
import { alert, cardFields, cardOf, dateOf, type Html, money, page } from './layout.ts'

type Form = Record<string, unknown>

/** Stripe's customer portal: the card, the end of a subscription and its resumption, the invoices. */
export function portalPages(sandbox: Sandbox): Hono {
  const pages = new Hono()

  pages.get('/portal/:id', (context) => {
    const session = sandbox.find('billing_portal.session', context.req.param('id'))
    return session
      ? show(context, session)
      : context.html(page('Not found', html`<h1>There is no such portal</h1>`), 404)
  })

  pages.post('/portal/:id/card', (context) =>
    act(context, ({ customer }, form) => changeCard(sandbox, customer, cardOf(form))),
  )
  pages.post('/portal/:id/cancel', (context) =>
    act(context, (session, form) => endAtPeriod(session, form, true)),
  )
  pages.post('/portal/:id/resume', (context) =>
    act(context, (session, form) => endAtPeriod(session, form, false)),
  )

  return pages

  function endAtPeriod(session: PortalSession, form: Form, isEnding: boolean): void {
    const { id, customer, schedule } = sandbox.get('subscription', String(form.subscription))
    if (customer !== session.customer) return
    // The portal lets go of what a schedule has planned.
    if (schedule !== null) release(sandbox, schedule)
    changeSubscription(sandbox, id, { cancel_at_period_end: isEnding })
  }

  async function act(
    context: Context,
    work: (session: PortalSession, form: Form) => void,
  ): Promise<Response> {
    const session = sandbox.find('billing_portal.session', context.req.param('id'))
    if (!session) return context.html(page('Not found', html`<h1>There is no such portal</h1>`), 404)
    const form = await context.req.parseBody()
    sandbox.catchUp()
    try {
      sandbox.transaction(() => work(session, form))
    } catch (error) {
      if (!(error instanceof StripeError)) throw error
      return show(context, session, error.message)
    }
    return context.redirect(`/portal/${session.id}`, 303)
  }

  function show(context: Context, session: PortalSession, problem?: string) {
    return context.html(
      page('Billing', content(sandbox, session, problem)),
      problem === undefined ? 200 : 422,
    )
  }
}

function content(sandbox: Sandbox, session: PortalSession, problem: string | undefined): Html {
  const customer = sandbox.find('customer', session.customer)
  const subscriptions = [...sandbox.table('subscription').newestFirst()].filter(
    (row) => row.customer === session.customer && row.ended_at === null,
  )
  const pays = subscriptions[0]?.default_payment_method ?? customer?.invoice_settings.default_payment_method
  const card = sandbox.find('payment_method', pays)?.card
  const invoices = [...sandbox.table('invoice').newestFirst()].filter(
    (row) => row.customer === session.customer && row.status !== 'draft',
  )
  return html`
    <h1>Billing of ${customer?.name ?? customer?.email ?? session.customer}</h1>
    ${alert(problem)}
    ${session.return_url === null ? '' : html`<p><a href="${session.return_url}">Back</a></p>`}
    <h2>Subscription</h2>
    ${subscriptions.length === 0 ? html`<p>None.</p>` : subscriptions.map((row) => subscriptionPart(sandbox, session, row))}
    <h2>Payment method</h2>
    <p>${card ? `${card.brand} •••• ${card.last4}, ${card.exp_month}/${card.exp_year}` : 'None.'}</p>
    <form method="post" action="/portal/${session.id}/card">
      ${cardFields()}
      <button>Use this card</button>
    </form>
    <h2>Invoices</h2>
    <table>
      <tbody>
        ${invoices.slice(0, 24).map(
          (row) => html`<tr>
            <td><a href="${row.hosted_invoice_url ?? ''}">${row.number}</a></td>
            <td>${dateOf(row.created)}</td>
            <td>${row.status}</td>
            <td>${money(row.total, row.currency)}</td>
          </tr>`,
        )}
      </tbody>
    </table>`
}

function subscriptionPart(sandbox: Sandbox, session: PortalSession, row: Subscription): Html {
  const names = row.items.data.map(
    ({ price, quantity = 1 }) => `${sandbox.find('product', price.product)?.name ?? price.id} × ${quantity}`,
  )
  const end = dateOf(currentPeriod(row).end)
  const action = row.cancel_at_period_end ? 'resume' : 'cancel'
  return html`
    <p>${names.join(', ')}: ${row.status}, ${row.cancel_at_period_end ? `ends ${end}` : `renews ${end}`}.</p>
    <form method="post" action="/portal/${session.id}/${action}">
      <input type="hidden" name="subscription" value="${row.id}" />
      <button>${row.cancel_at_period_end ? 'Do not cancel' : 'Cancel at the end of the period'}</button>
    </form>`
}
