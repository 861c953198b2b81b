import type { Cents, Metadata } from '../core/objects/base.ts'
import type { PaymentIntent } from '../core/objects/payments.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { listing, retrieving } from '../http/reads.ts'
import { given, merged } from './metadata.ts'
import {
  assertState,
  authenticationRequired,
  type Confirmation,
  confirmIntent,
} from './payment-confirmation.ts'
import { cardError, methodOf } from './payment-methods.ts'

type IntentParams = {
  amount: number
  automatic_payment_methods?: object
  capture_method?: PaymentIntent['capture_method']
  confirm?: boolean
  confirmation_method?: PaymentIntent['confirmation_method']
  currency: string
  customer?: string
  description?: string
  error_on_requires_action?: boolean
  metadata?: Metadata | ''
  off_session?: boolean | string
  payment_method?: string
  payment_method_types?: string[]
  receipt_email?: string
  return_url?: string
  setup_future_usage?: PaymentIntent['setup_future_usage']
}

const fields = [
  'amount',
  'currency',
  'customer',
  'description',
  'metadata',
  'payment_method',
  'payment_method_types',
  'receipt_email',
  'setup_future_usage',
] as const

const confirming = ['off_session', 'payment_method', 'return_url', 'error_on_requires_action'] as const

export const paymentIntentOperations = [
  operation<IntentParams>(
    'POST /v1/payment_intents',
    [
      ...fields,
      ...confirming,
      'automatic_payment_methods',
      'capture_method',
      'confirm',
      'confirmation_method',
    ],
    (sandbox, params) => {
      const intent = createIntent(sandbox, params)
      return params.confirm ? confirmOrThrow(sandbox, intent.id, params) : intent
    },
  ),
  operation<Partial<IntentParams>>('POST /v1/payment_intents/{intent}', fields, update),
  retrieving('payment_intent', 'GET /v1/payment_intents/{intent}'),
  listing('payment_intent', 'GET /v1/payment_intents', ['customer']),
  operation<Partial<IntentParams>>(
    'POST /v1/payment_intents/{intent}/confirm',
    [...confirming, 'receipt_email', 'setup_future_usage'],
    (sandbox, params, id = '') => confirmOrThrow(sandbox, id, params),
  ),
  operation<{ amount_to_capture?: number }>(
    'POST /v1/payment_intents/{intent}/capture',
    ['amount_to_capture'],
    capture,
  ),
  operation<{ cancellation_reason?: string }>(
    'POST /v1/payment_intents/{intent}/cancel',
    ['cancellation_reason'],
    (sandbox, params, id = '') => cancelIntent(sandbox, id, params.cancellation_reason),
  ),
]

type NewIntent = {
  amount: Cents
  currency: string
  customer?: string
  description?: string
  capture_method?: PaymentIntent['capture_method']
  confirmation_method?: PaymentIntent['confirmation_method']
  metadata?: Metadata | ''
  payment_method?: string
  receipt_email?: string
  setup_future_usage?: PaymentIntent['setup_future_usage']
}

export function createIntent(sandbox: Sandbox, params: NewIntent): PaymentIntent {
  if (params.amount < 1)
    throw invalid('This value must be greater than or equal to 1.', 'amount', 'parameter_invalid_integer')
  if (params.customer !== undefined) sandbox.get('customer', params.customer, 'customer')
  const method =
    params.payment_method === undefined
      ? undefined
      : methodOf(sandbox, params.payment_method, 'payment_method')
  const id = sandbox.ids.next('pi')
  const intent = sandbox.create(
    'payment_intent',
    {
      id,
      amount: params.amount,
      amount_capturable: 0,
      amount_received: 0,
      capture_method: params.capture_method ?? 'automatic',
      client_secret: `${id}_secret_${sandbox.ids.text(25)}`,
      confirmation_method: params.confirmation_method ?? 'automatic',
      currency: params.currency.toLowerCase(),
      customer: params.customer ?? null,
      description: params.description ?? null,
      metadata: merged({}, params.metadata),
      payment_method: method?.id ?? null,
      payment_method_types: ['card'],
      receipt_email: params.receipt_email ?? null,
      setup_future_usage: params.setup_future_usage ?? null,
      status: method ? 'requires_confirmation' : 'requires_payment_method',
    },
    sandbox.clockOf(params),
  )
  sandbox.emit('payment_intent.created', intent)
  return intent
}

export function cancelIntent(sandbox: Sandbox, id: string, reason?: string): PaymentIntent {
  const intent = sandbox.get('payment_intent', id)
  assertState(
    intent,
    ['requires_payment_method', 'requires_capture', 'requires_confirmation', 'requires_action', 'processing'],
    'cancel',
  )
  const canceled = sandbox.change('payment_intent', id, {
    amount_capturable: 0,
    canceled_at: sandbox.clockOf(intent).now,
    cancellation_reason: reason ?? null,
    next_action: null,
    status: 'canceled',
  })
  sandbox.emit('payment_intent.canceled', canceled)
  return canceled
}

/** @throws StripeError card_error; the failed payment stays on record */
function confirmOrThrow(
  sandbox: Sandbox,
  id: string,
  params: Confirmation & { error_on_requires_action?: boolean },
): PaymentIntent {
  const { intent, declined, charge } = confirmIntent(sandbox, id, params)
  if (declined) throw cardError(declined, { charge, payment_intent: intent }, true)
  if (intent.status === 'requires_action' && params.error_on_requires_action)
    throw cardError(authenticationRequired, { payment_intent: intent })
  return intent
}

function update(sandbox: Sandbox, params: Partial<IntentParams>, id = ''): PaymentIntent {
  const intent = sandbox.get('payment_intent', id)
  assertState(intent, ['requires_payment_method', 'requires_confirmation', 'requires_action'], 'update')
  const method = params.payment_method
    ? methodOf(sandbox, params.payment_method, 'payment_method')
    : undefined
  return sandbox.change('payment_intent', id, {
    ...given(params, [
      'amount',
      'currency',
      'customer',
      'description',
      'receipt_email',
      'setup_future_usage',
    ]),
    ...(method ? { payment_method: method.id, status: 'requires_confirmation' } : {}),
    metadata: merged(intent.metadata, params.metadata),
  })
}

function capture(sandbox: Sandbox, params: { amount_to_capture?: number }, id = ''): PaymentIntent {
  const before = sandbox.get('payment_intent', id)
  assertState(before, ['requires_capture'], 'capture')
  const amount = params.amount_to_capture ?? before.amount
  if (amount > before.amount)
    throw invalid('The remaining amount that can be captured is less than asked for.', 'amount_to_capture')
  const charge = sandbox.change(
    'charge',
    before.latest_charge ?? '',
    { amount_captured: amount, captured: true },
    'charge.captured',
  )
  const intent = sandbox.change('payment_intent', id, {
    amount_capturable: 0,
    amount_received: amount,
    latest_charge: charge.id,
    status: 'succeeded',
  })
  sandbox.emit('payment_intent.succeeded', intent)
  return intent
}
