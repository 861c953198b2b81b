import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import type { CheckoutSession } from '../core/objects/hosted.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { checkOut } from '../resources/checkout-completion.ts'
import { applyPromotionCode, lineItemsOf } from '../resources/checkout-quote.ts'
import { alert, cardFields, cardOf, dateOf, type Html, money, page } from './layout.ts'

/** Stripe's hosted checkout, as far as a customer has to see it. */
export function checkoutPages(sandbox: Sandbox): Hono {
  const pages = new Hono()

  pages.get('/checkout/:id', (context) => {
    const session = sandbox.find('checkout.session', context.req.param('id'))
    if (!session) return context.html(notFound(), 404)
    if (session.status === 'complete') return context.redirect(successUrl(session), 303)
    return show(context, session, context.req.query('failed') === undefined ? undefined : notConfirmed)
  })

  pages.post('/checkout/:id', async (context) => {
    const session = sandbox.find('checkout.session', context.req.param('id'))
    if (!session) return context.html(notFound(), 404)
    if (session.status === 'complete') return context.redirect(successUrl(session), 303)
    if (session.status === 'expired') return show(context, session, undefined)
    const form = await context.req.parseBody()
    sandbox.catchUp()
    const outcome = checkOut(sandbox, session.id, {
      card: cardOf(form),
      ...(form.email ? { email: String(form.email) } : {}),
      ...(form.name ? { name: String(form.name) } : {}),
      ...(form.country ? { country: String(form.country) } : {}),
      ...(form.tax_id ? { taxId: taxIdOf(String(form.tax_id)) } : {}),
    })
    if (outcome.kind === 'declined') return show(context, session, outcome.message, 402)
    if (outcome.kind === 'authenticate') return context.redirect(`/authenticate/${outcome.intent}`, 303)
    return context.redirect(successUrl(sandbox.get('checkout.session', session.id)), 303)
  })

  pages.post('/checkout/:id/promotion', async (context) => {
    const session = sandbox.find('checkout.session', context.req.param('id'))
    if (!session) return context.html(notFound(), 404)
    const form = await context.req.parseBody()
    const refused = applyPromotionCode(sandbox, session.id, String(form.code ?? ''))
    return show(
      context,
      sandbox.get('checkout.session', session.id),
      refused,
      refused === undefined ? 200 : 422,
    )
  })

  return pages

  function show(
    context: Context,
    session: CheckoutSession,
    problem: string | undefined,
    status: 200 | 402 | 422 = 200,
  ) {
    if (session.status === 'expired')
      return context.html(page('Expired', html`<h1>This checkout has expired</h1>${back(session)}`), 410)
    return context.html(page('Checkout', form(sandbox, session, problem)), status)
  }
}

/** Where its owner wants to have the customer back, with the session's id in the place that they marked. */
const successUrl = ({ success_url: url, id }: CheckoutSession): string =>
  (url ?? '/').replaceAll('{CHECKOUT_SESSION_ID}', id)

const taxIdOf = (text: string) => {
  const value = text.replaceAll(/\s/g, '').toUpperCase()
  return { type: value.startsWith('GB') ? 'gb_vat' : value.startsWith('CHE') ? 'ch_vat' : 'eu_vat', value }
}

const notConfirmed = 'We could not confirm your payment method. Please choose a different one and try again.'

const notFound = (): Html => page('Not found', html`<h1>There is no such checkout</h1>`)

const back = ({ cancel_url: url }: CheckoutSession): Html =>
  url === null ? html`` : html`<p><a href="${url}">Back</a></p>`

function form(sandbox: Sandbox, session: CheckoutSession, problem: string | undefined): Html {
  const { id, currency, mode, amount_total: total, discounts } = session
  const lines = lineItemsOf(sandbox, id, { limit: 100 }).data
  const trialEnd = trialEndOf(sandbox, session)
  const off = session.amount_subtotal !== null && total !== null ? session.amount_subtotal - total : 0
  return html`
    <h1>${mode === 'setup' ? 'Save a payment method' : mode === 'subscription' ? 'Subscribe' : 'Pay'}</h1>
    ${alert(problem)}
    <table>
      <caption>What you buy</caption>
      <tbody>
        ${lines.map(
          ({ description, quantity, amount_subtotal: amount, price }) => html`<tr>
            <th scope="row">${description} × ${quantity}</th>
            <td>${money(amount, currency)}${price.recurring ? ` per ${price.recurring.interval}` : ''}</td>
          </tr>`,
        )}
        ${off > 0 && trialEnd === undefined ? html`<tr><th scope="row">Discount</th><td>−${money(off, currency)}</td></tr>` : ''}
        ${mode === 'setup' ? '' : html`<tr><th scope="row">Total due today</th><td>${money(total, currency)}</td></tr>`}
      </tbody>
    </table>
    ${trialEnd === undefined ? '' : html`<p>Free until ${dateOf(trialEnd)}.</p>`}
    ${
      session.allow_promotion_codes && discounts.length === 0
        ? html`<form method="post" action="/checkout/${id}/promotion">
            <label for="code">Promotion code</label>
            <input id="code" name="code" required />
            <button>Apply</button>
          </form>`
        : ''
    }
    <form method="post" action="/checkout/${id}">
      ${
        session.customer === null
          ? html`<label for="email">E-mail</label>
              <input id="email" name="email" type="email" autocomplete="email" required value="${session.customer_email ?? ''}" />`
          : ''
      }
      ${cardFields()}
      <label for="name">Name on card</label>
      <input id="name" name="name" autocomplete="cc-name" />
      ${
        session.automatic_tax.enabled
          ? html`<label for="country">Country (two letters)</label>
              <input id="country" name="country" autocomplete="country" maxlength="2" required />`
          : ''
      }
      ${
        sandbox.sessionPlans.get(id)?.asksForTaxId
          ? html`<label for="tax_id">VAT number, if you buy for a business</label><input id="tax_id" name="tax_id" />`
          : ''
      }
      <button>${mode === 'setup' ? 'Save' : mode === 'subscription' ? 'Subscribe' : 'Pay'}</button>
    </form>
    ${back(session)}`
}

function trialEndOf(sandbox: Sandbox, { id }: CheckoutSession): number | undefined {
  const { trial_end: end, trial_period_days: days } = sandbox.sessionPlans.get(id)?.subscriptionData ?? {}
  return end ?? (days === undefined ? undefined : sandbox.clock.now + days * 86_400)
}
