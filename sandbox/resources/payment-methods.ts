import { createHash } from 'node:crypto'
import type { Metadata } from '../core/objects/base.ts'
import type { PaymentMethod } from '../core/objects/customers.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, missing, notOffered, StripeError } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { listOf, type PageParams } from '../http/pages.ts'
import { blank } from '../openapi/blank.ts'
import { given, merged } from './metadata.ts'
import { cardOfNumber, cardOfToken, type Decline, type TestCard } from './test-cards.ts'

/** Empty text takes a value away. */
type Billing = {
  [Field in keyof PaymentMethod['billing_details']]?: PaymentMethod['billing_details'][Field] | ''
}
type CardParams = { number?: string; exp_month?: number; exp_year?: number; cvc?: string; token?: string }
type MethodParams = {
  allow_redisplay?: PaymentMethod['allow_redisplay']
  billing_details?: Billing
  card?: CardParams
  metadata?: Metadata | ''
  type?: string
}

export const paymentMethodOperations = [
  operation<MethodParams>(
    'POST /v1/payment_methods',
    ['allow_redisplay', 'billing_details', 'card', 'metadata', 'type'],
    createMethod,
  ),
  operation('GET /v1/payment_methods/{payment_method}', [], (sandbox, _params, id = '') =>
    methodOf(sandbox, id, undefined),
  ),
  operation<MethodParams>(
    'POST /v1/payment_methods/{payment_method}',
    ['allow_redisplay', 'billing_details', 'card', 'metadata'],
    update,
  ),
  operation<{ customer: string }>(
    'POST /v1/payment_methods/{payment_method}/attach',
    ['customer'],
    (sandbox, { customer }, id = '') => {
      sandbox.get('customer', customer, 'customer')
      return attachMethod(sandbox, id, customer)
    },
  ),
  operation('POST /v1/payment_methods/{payment_method}/detach', [], (sandbox, _params, id = '') =>
    detach(sandbox, id),
  ),
  operation<PageParams & { customer?: string; type?: string }>(
    'GET /v1/payment_methods',
    ['customer', 'type'],
    (sandbox, params) => methodsOf(sandbox, params.customer, '/v1/payment_methods', params),
  ),
  operation<PageParams & { type?: string }>(
    'GET /v1/customers/{customer}/payment_methods',
    ['type'],
    (sandbox, params, customer = '') =>
      methodsOf(
        sandbox,
        sandbox.get('customer', customer).id,
        `/v1/customers/${customer}/payment_methods`,
        params,
      ),
  ),
  operation(
    'GET /v1/customers/{customer}/payment_methods/{payment_method}',
    [],
    (sandbox, _params, customer = '', id = '') => {
      const method = sandbox.get('payment_method', id)
      if (method.customer !== customer) throw missing('PaymentMethod', id)
      return method
    },
  ),
]

/** The payment method of an id; of a test token, a new one, as Stripe makes it. */
export function methodOf(sandbox: Sandbox, id: string, param: string | undefined): PaymentMethod {
  const card = cardOfToken(id)
  return card ? newMethod(sandbox, card, {}) : sandbox.get('payment_method', id, param)
}

/** How the card behind a payment method behaves. */
export function cardBehind(sandbox: Sandbox, { id }: PaymentMethod): TestCard {
  const card = sandbox.cards.get(id)
  if (!card) throw new Error(`${id} has no card`)
  return card
}

/** @throws StripeError card_error, where the card is one that is declined already here */
export function attachMethod(sandbox: Sandbox, id: string, customer: string): PaymentMethod {
  const method = methodOf(sandbox, id, undefined)
  if (method.customer !== null && method.customer !== customer)
    throw invalid(
      'The payment method you provided has already been attached to a customer.',
      'payment_method',
      'payment_method_unexpected_state',
    )
  const { onAttach } = cardBehind(sandbox, method)
  if (onAttach) throw cardError(onAttach, { payment_method: method })
  const attached = sandbox.change('payment_method', method.id, { customer }, false)
  if (method.customer === null) sandbox.emit('payment_method.attached', attached)
  return attached
}

export function cardError(decline: Decline, more: object = {}, keeps = false): StripeError {
  const { message, ...codes } = decline
  return new StripeError(402, 'card_error', message, { ...codes, ...more }, keeps)
}

/** A card as somebody types it in. @throws StripeError where it is none of Stripe's test cards, or out of date */
export function methodOfCard(
  sandbox: Sandbox,
  { number = '', exp_month: month = 12, exp_year: year = 2034, cvc = '123' }: CardParams,
  billing: Billing = {},
): PaymentMethod {
  const card = cardOfNumber(number)
  const wrong = (param: string, code: string, message: string) =>
    new StripeError(402, 'card_error', message, { code, param })
  if (!card) throw wrong('card[number]', 'incorrect_number', 'Your card number is incorrect.')
  if (month < 1 || month > 12)
    throw wrong('card[exp_month]', 'invalid_expiry_month', "Your card's expiration month is invalid.")
  const fullYear = year < 100 ? 2000 + year : year
  if (Date.UTC(fullYear, month) / 1000 < sandbox.clock.now)
    throw wrong('card[exp_year]', 'invalid_expiry_year', "Your card's expiration year is invalid.")
  if (!/^\d{3,4}$/.test(cvc)) throw wrong('card[cvc]', 'invalid_cvc', "Your card's security code is invalid.")
  return newMethod(sandbox, card, billing, { month, year: fullYear })
}

function createMethod(sandbox: Sandbox, params: MethodParams): PaymentMethod {
  if (params.type !== 'card') throw notOffered(`payment methods of type ${params.type}`, 'type')
  const { card = {}, billing_details: billing, metadata } = params
  const method =
    card.token === undefined
      ? methodOfCard(sandbox, card, billing)
      : methodOf(sandbox, card.token.replace(/^tok_/, 'pm_card_'), 'card[token]')
  return sandbox.change(
    'payment_method',
    method.id,
    { ...given(params, ['allow_redisplay']), metadata: merged({}, metadata) },
    false,
  )
}

function newMethod(
  sandbox: Sandbox,
  card: TestCard,
  billing: Billing,
  expiry: { month: number; year: number } = { month: 12, year: 2034 },
): PaymentMethod {
  const fields = {
    allow_redisplay: 'unspecified',
    billing_details: billingOf(
      { address: null, email: null, name: null, phone: null, tax_id: null },
      billing,
    ),
    card: {
      ...blank('payment_method_card'),
      brand: card.brand,
      country: 'US',
      display_brand: card.brand,
      exp_month: expiry.month,
      exp_year: expiry.year,
      fingerprint: createHash('sha256').update(card.number).digest('hex').slice(0, 16),
      funding: 'credit',
      last4: card.number.slice(-4),
    },
    customer: null,
    metadata: {},
    type: 'card',
  }
  // Stripe tells of a payment method once it is attached.
  const method = sandbox
    .table('payment_method')
    .insert(sandbox.make('payment_method', fields as Partial<PaymentMethod>))
  sandbox.cards.set(method.id, card)
  return method
}

const billingOf = (
  before: PaymentMethod['billing_details'],
  given: Billing,
): PaymentMethod['billing_details'] => ({
  address: given.address === undefined ? before.address : given.address || null,
  email: given.email === undefined ? before.email : given.email || null,
  name: given.name === undefined ? before.name : given.name || null,
  phone: given.phone === undefined ? before.phone : given.phone || null,
  tax_id: given.tax_id === undefined ? before.tax_id : given.tax_id || null,
})

function update(sandbox: Sandbox, params: MethodParams, id = ''): PaymentMethod {
  const method = sandbox.get('payment_method', id)
  const { billing_details: billing = {}, card = {}, metadata } = params
  return sandbox.change('payment_method', id, {
    ...given(params, ['allow_redisplay']),
    billing_details: billingOf(method.billing_details, billing),
    card: { ...method.card, ...given(card, ['exp_month', 'exp_year']) },
    metadata: merged(method.metadata, metadata),
  })
}

/** What used it as a default has none then. */
function detach(sandbox: Sandbox, id: string): PaymentMethod {
  const method = sandbox.get('payment_method', id)
  const customer = sandbox.find('customer', method.customer)
  if (!customer)
    throw invalid(
      'The payment method you provided is not attached to a customer so detachment is impossible.',
    )
  const detached = sandbox.change('payment_method', id, { customer: null }, false)
  sandbox.emit('payment_method.detached', detached, { customer: customer.id })
  if (customer.invoice_settings.default_payment_method === id)
    sandbox.change('customer', customer.id, {
      invoice_settings: { ...customer.invoice_settings, default_payment_method: null },
    })
  for (const subscription of [...sandbox.table('subscription').newestFirst()]) {
    if (subscription.default_payment_method === id)
      sandbox.change('subscription', subscription.id, { default_payment_method: null })
  }
  return detached
}

const methodsOf = (
  sandbox: Sandbox,
  customer: string | undefined,
  url: string,
  params: PageParams & { type?: string },
) =>
  listOf(
    sandbox,
    'payment_method',
    url,
    params,
    (method) =>
      method.customer !== null &&
      method.customer === (customer ?? null) &&
      (params.type ?? 'card') === 'card',
  )
