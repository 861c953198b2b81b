import type { Metadata, Seconds } from '../core/objects/base.ts'
import type { CheckoutSession } from '../core/objects/hosted.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import type { PageParams } from '../http/pages.ts'
import { listing, retrieving } from '../http/reads.ts'
import { day } from './calendar.ts'
import { createPrice, type PriceParams } from './catalog.ts'
import { expire } from './checkout-completion.ts'
import { lineItemsOf, nothing, quote, type SubscriptionData } from './checkout-quote.ts'
import type { DiscountParams } from './coupons.ts'
import { merged } from './metadata.ts'

type SessionParams = {
  allow_promotion_codes?: boolean
  automatic_tax?: { enabled: boolean }
  billing_address_collection?: 'auto' | 'required'
  cancel_url?: string
  client_reference_id?: string
  currency?: string
  customer?: string
  customer_creation?: string
  customer_email?: string
  customer_update?: object
  discounts?: DiscountParams[] | ''
  expires_at?: Seconds
  line_items?: { price?: string; price_data?: PriceParams; quantity?: number }[]
  locale?: string
  metadata?: Metadata | ''
  mode?: CheckoutSession['mode']
  payment_intent_data?: {
    description?: string
    metadata?: Metadata
    setup_future_usage?: 'off_session' | 'on_session'
  }
  payment_method_collection?: 'always' | 'if_required'
  payment_method_types?: string[]
  subscription_data?: SubscriptionData
  success_url?: string
  tax_id_collection?: { enabled: boolean }
}

export const checkoutOperations = [
  operation<SessionParams>(
    'POST /v1/checkout/sessions',
    [
      'allow_promotion_codes',
      'automatic_tax',
      'billing_address_collection',
      'cancel_url',
      'client_reference_id',
      'currency',
      'customer',
      'customer_creation',
      'customer_email',
      'customer_update',
      'discounts',
      'expires_at',
      'line_items',
      'locale',
      'metadata',
      'mode',
      'payment_intent_data',
      'payment_method_collection',
      'payment_method_types',
      'subscription_data',
      'success_url',
      'tax_id_collection',
    ],
    create,
  ),
  retrieving('checkout.session', 'GET /v1/checkout/sessions/{session}'),
  listing('checkout.session', 'GET /v1/checkout/sessions', [
    'customer',
    'payment_intent',
    'status',
    'subscription',
  ]),
  operation('POST /v1/checkout/sessions/{session}/expire', [], (sandbox, _params, id = '') => {
    const { status } = sandbox.get('checkout.session', id)
    if (status !== 'open')
      throw invalid(`Only Checkout Sessions with a status in ["open"] can be expired. This one is ${status}.`)
    return expire(sandbox, id)
  }),
  operation<PageParams>('GET /v1/checkout/sessions/{session}/line_items', [], (sandbox, params, id = '') => {
    sandbox.get('checkout.session', id)
    return lineItemsOf(sandbox, id, params)
  }),
]

function create(sandbox: Sandbox, params: SessionParams): CheckoutSession {
  const { mode = 'payment', line_items: given = [], subscription_data: subscriptionData = {} } = params
  if (mode !== 'setup' && given.length === 0)
    throw invalid('Missing required param: line_items.', 'line_items', 'parameter_missing')
  if (params.success_url === undefined)
    throw invalid('Missing required param: success_url.', 'success_url', 'parameter_missing')
  if (params.customer !== undefined && params.customer_email !== undefined)
    throw invalid('You may only specify one of these parameters: customer, customer_email.', 'customer_email')
  if (params.allow_promotion_codes && params.discounts)
    throw invalid(
      'You may only specify one of these parameters: allow_promotion_codes, discounts.',
      'discounts',
    )
  if (params.customer !== undefined) sandbox.get('customer', params.customer, 'customer')
  const lines = given.map(({ price, price_data: data, quantity }, place) => ({
    id: sandbox.ids.next('li'),
    price: data
      ? createPrice(sandbox, data)
      : sandbox.get('price', price ?? '', `line_items[${place}][price]`),
    quantity: quantity ?? 1,
  }))
  if (mode === 'subscription' && !lines.some(({ price }) => price.recurring))
    throw invalid(
      'You must provide at least one recurring price in `subscription` mode when using prices.',
      'line_items',
    )
  if (mode === 'payment' && lines.some(({ price }) => price.recurring))
    throw invalid(
      'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
      'line_items',
    )
  const clock = sandbox.clockOf(params)
  const expires = params.expires_at ?? clock.now + day
  if (expires < clock.now + 1_800 || expires > clock.now + day)
    throw invalid(
      'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.',
      'expires_at',
    )
  const id = sandbox.ids.next('cs_test', 58)
  sandbox.sessionPlans.set(id, {
    asksForTaxId: params.tax_id_collection?.enabled ?? false,
    intentData: params.payment_intent_data ?? {},
    lines,
    subscriptionData,
  })
  const session = sandbox.make(
    'checkout.session',
    {
      id,
      allow_promotion_codes: params.allow_promotion_codes ?? null,
      automatic_tax: {
        enabled: params.automatic_tax?.enabled ?? false,
        liability: params.automatic_tax?.enabled ? { type: 'self' } : null,
        provider: params.automatic_tax?.enabled ? 'stripe' : null,
        status: null,
      },
      billing_address_collection: params.billing_address_collection ?? null,
      cancel_url: params.cancel_url ?? null,
      client_reference_id: params.client_reference_id ?? null,
      currency: lines[0]?.price.currency ?? params.currency ?? null,
      customer: params.customer ?? null,
      customer_email: params.customer_email ?? null,
      discounts: (params.discounts || []).map(({ coupon, promotion_code: code }) => ({
        coupon: coupon ?? null,
        promotion_code: code ?? null,
      })),
      expires_at: expires,
      locale: params.locale ?? null,
      metadata: merged({}, params.metadata),
      mode,
      payment_method_collection:
        mode === 'subscription' ? (params.payment_method_collection ?? 'always') : null,
      payment_method_types: ['card'],
      payment_status: mode === 'setup' ? 'no_payment_required' : 'unpaid',
      status: 'open',
      success_url: params.success_url,
      ui_mode: 'hosted_page',
      url: `${sandbox.origin}/checkout/${id}`,
    } as Partial<CheckoutSession>,
    clock,
  )
  const { subtotal, total, totals } = mode === 'setup' ? nothing : quote(sandbox, session)
  clock.schedule(expires, 'checkout.expire', id)
  return sandbox.table('checkout.session').insert({
    ...session,
    amount_subtotal: subtotal,
    amount_total: total,
    total_details: totals,
  } as CheckoutSession)
}
