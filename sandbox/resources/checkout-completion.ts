import type { CheckoutSession } from '../core/objects/hosted.ts'
import type { PaymentIntent } from '../core/objects/payments.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, StripeError } from '../http/errors.ts'
import { asDiscount, planOf, subscriptionParams } from './checkout-quote.ts'
import { redeem } from './coupons.ts'
import { newCustomer } from './customers.ts'
import { confirmIntent } from './payment-confirmation.ts'
import { createIntent } from './payment-intents.ts'
import { attachMethod, methodOfCard } from './payment-methods.ts'
import { confirmSetup, createSetupIntent } from './setup-intents.ts'
import { createSubscription, endSubscription } from './subscriptions.ts'
import { addTaxId } from './tax-ids.ts'
import type { Decline } from './test-cards.ts'

/** What somebody typed on the page. */
export type Checkout = {
  card: { number: string; exp_month: number; exp_year: number; cvc: string }
  email?: string
  name?: string
  /** Two letters. */
  country?: string
  taxId?: { type: string; value: string }
}

export type CheckoutOutcome =
  | { kind: 'complete' }
  | { kind: 'declined'; message: string }
  | { kind: 'authenticate'; intent: string }

export function moveCheckout(sandbox: Sandbox): void {
  sandbox.happens('checkout.expire', (id) => {
    if (sandbox.find('checkout.session', id)?.status === 'open') expire(sandbox, id)
  })
  sandbox.on<PaymentIntent>('payment_intent.succeeded', ({ id }) => {
    const session = sandbox.find('checkout.session', sandbox.intentSessions.get(id))
    if (session?.status === 'open') complete(sandbox, session.id, 'paid')
  })
  // Who does not confirm has bought nothing, and can try again.
  sandbox.on<PaymentIntent>('payment_intent.payment_failed', ({ id }) => {
    const session = sandbox.find('checkout.session', sandbox.intentSessions.get(id))
    if (session?.status !== 'open' || session.subscription === null) return
    endSubscription(sandbox, session.subscription)
    sandbox.change('checkout.session', session.id, { invoice: null, subscription: null })
  })
  sandbox.on<{ id: string; payment_method: string | null }>(
    'setup_intent.succeeded',
    ({ id, payment_method: method }) => {
      const session = sandbox.find('checkout.session', sandbox.intentSessions.get(id))
      if (session?.status !== 'open') return
      if (session.mode === 'subscription') subscribe(sandbox, session, method ?? undefined)
      complete(sandbox, session.id, 'no_payment_required')
    },
  )
}

/** What the page asks for: everything that a card and a name make of a session, or why nothing came of it. */
export function checkOut(sandbox: Sandbox, id: string, typed: Checkout): CheckoutOutcome {
  try {
    return sandbox.transaction(() => {
      const { card, email, name } = typed
      const session = withCustomer(sandbox, id, typed)
      const method = methodOfCard(sandbox, card, { email: email ?? null, name: name ?? null })
      if (session.mode === 'setup' || isFreeToday(session)) return keepCard(sandbox, session, method.id)
      const intent =
        session.mode === 'payment' ? sell(sandbox, session) : subscribe(sandbox, session, undefined)
      sandbox.intentSessions.set(intent, id)
      const outcome = confirmIntent(sandbox, intent, {
        payment_method: method.id,
        return_url: `${sandbox.origin}/checkout/${id}`,
      })
      // Nothing is left of a purchase that was declined.
      if (outcome.declined) throw new Declined(outcome.declined)
      if (outcome.intent.status === 'requires_action') return { kind: 'authenticate', intent }
      return { kind: 'complete' }
    })
  } catch (error) {
    if (error instanceof Declined || error instanceof StripeError)
      return { kind: 'declined', message: error.message }
    throw error
  }
}

/** @returns the intent that pays for it, or '' where nothing is due */
function subscribe(sandbox: Sandbox, session: CheckoutSession, method: string | undefined): string {
  const subscription = createSubscription(sandbox, {
    ...subscriptionParams(sandbox, session),
    ...(method === undefined ? {} : { default_payment_method: method }),
  })
  sandbox.change('checkout.session', session.id, {
    invoice: subscription.latest_invoice,
    subscription: subscription.id,
  })
  return sandbox.invoiceIntents.get(subscription.latest_invoice ?? '') ?? ''
}

function sell(sandbox: Sandbox, session: CheckoutSession): string {
  for (const discount of session.discounts)
    redeem(sandbox, asDiscount(discount), { customer: session.customer ?? '', checkout_session: session.id })
  const { intentData } = planOf(sandbox, session.id)
  const intent = createIntent(sandbox, {
    ...intentData,
    amount: session.amount_total ?? 0,
    currency: session.currency ?? 'usd',
    ...(session.customer === null ? {} : { customer: session.customer }),
  })
  sandbox.change('checkout.session', session.id, { payment_intent: intent.id })
  return intent.id
}

/** Nothing is due today: the card is kept for later. */
function keepCard(sandbox: Sandbox, session: CheckoutSession, method: string): CheckoutOutcome {
  const intent = createSetupIntent(sandbox, session.customer === null ? {} : { customer: session.customer })
  sandbox.intentSessions.set(intent.id, session.id)
  sandbox.change('checkout.session', session.id, {
    setup_intent: session.mode === 'setup' ? intent.id : null,
  })
  const { declined, intent: confirmed } = confirmSetup(sandbox, intent.id, {
    payment_method: method,
    return_url: `${sandbox.origin}/checkout/${session.id}`,
  })
  if (declined) throw new Declined(declined)
  return confirmed.status === 'requires_action'
    ? { kind: 'authenticate', intent: intent.id }
    : { kind: 'complete' }
}

function complete(sandbox: Sandbox, id: string, paymentStatus: CheckoutSession['payment_status']): void {
  const session = sandbox.get('checkout.session', id)
  const customer = sandbox.find('customer', session.customer)
  const intent = sandbox.find('payment_intent', session.payment_intent)
  const invoice = sandbox.find('invoice', session.invoice)
  if (intent?.payment_method && session.customer !== null && intent.setup_future_usage !== null)
    attachMethod(sandbox, intent.payment_method, session.customer)
  const completed = sandbox.change('checkout.session', id, {
    customer_details: {
      address: customer?.address ?? null,
      business_name: null,
      email: customer?.email ?? null,
      individual_name: null,
      name: customer?.name ?? null,
      phone: customer?.phone ?? null,
      tax_exempt: customer?.tax_exempt ?? 'none',
      tax_ids: [],
    },
    // What came of the address is known only now.
    ...(invoice ? { amount_subtotal: invoice.subtotal, amount_total: invoice.total } : {}),
    payment_status: paymentStatus,
    status: 'complete',
    url: null,
  })
  sandbox.emit('checkout.session.completed', completed)
}

export function expire(sandbox: Sandbox, id: string): CheckoutSession {
  const expired = sandbox.change('checkout.session', id, { status: 'expired', url: null })
  sandbox.emit('checkout.session.expired', expired)
  return expired
}

/** Whoever has no customer yet becomes one. */
function withCustomer(
  sandbox: Sandbox,
  id: string,
  { email, name, country, taxId }: Checkout,
): CheckoutSession {
  const session = sandbox.get('checkout.session', id)
  if (session.status !== 'open') throw invalid('This Checkout Session is no longer open.')
  if (session.customer === null && session.mode === 'setup') return session
  const customer =
    session.customer ??
    sandbox.create('customer', {
      ...newCustomer(sandbox),
      email: email ?? session.customer_email,
      name: name ?? null,
    }).id
  const { address } = sandbox.get('customer', customer)
  if (country)
    sandbox.change('customer', customer, {
      address: { ...noAddress, ...address, country: country.toUpperCase() },
    })
  if (taxId) addTaxId(sandbox, customer, taxId)
  return sandbox.change('checkout.session', id, { customer })
}

const noAddress = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null }

const isFreeToday = ({ mode, amount_total: total }: CheckoutSession): boolean =>
  mode === 'subscription' && total === 0

class Declined extends Error {
  constructor({ message }: Decline) {
    super(message)
  }
}
