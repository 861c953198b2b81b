import type { Metadata } from '../core/objects/base.ts'
import type { PaymentMethod } from '../core/objects/customers.ts'
import type { SetupIntent } from '../core/objects/payments.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { listing, retrieving } from '../http/reads.ts'
import { given, merged } from './metadata.ts'
import { attachMethod, cardBehind, cardError, methodOf } from './payment-methods.ts'
import type { Decline } from './test-cards.ts'

type SetupParams = {
  automatic_payment_methods?: object
  confirm?: boolean
  customer?: string
  description?: string
  metadata?: Metadata | ''
  payment_method?: string
  payment_method_types?: string[]
  return_url?: string
  usage?: string
}

const fields = ['customer', 'description', 'metadata', 'payment_method', 'payment_method_types'] as const

export const setupIntentOperations = [
  operation<SetupParams>(
    'POST /v1/setup_intents',
    [...fields, 'automatic_payment_methods', 'confirm', 'return_url', 'usage'],
    (sandbox, params) => {
      const intent = createSetupIntent(sandbox, params)
      return params.confirm ? confirm(sandbox, params, intent.id) : intent
    },
  ),
  operation<SetupParams>('POST /v1/setup_intents/{intent}', fields, (sandbox, params, id = '') => {
    const intent = sandbox.get('setup_intent', id)
    const method = params.payment_method
      ? methodOf(sandbox, params.payment_method, 'payment_method')
      : undefined
    return sandbox.change('setup_intent', id, {
      ...given(params, ['customer', 'description']),
      ...(method ? { payment_method: method.id, status: 'requires_confirmation' } : {}),
      metadata: merged(intent.metadata, params.metadata),
    })
  }),
  retrieving('setup_intent', 'GET /v1/setup_intents/{intent}'),
  listing('setup_intent', 'GET /v1/setup_intents', ['customer', 'payment_method']),
  operation<SetupParams>(
    'POST /v1/setup_intents/{intent}/confirm',
    ['payment_method', 'return_url'],
    confirm,
  ),
  operation<{ cancellation_reason?: string }>(
    'POST /v1/setup_intents/{intent}/cancel',
    ['cancellation_reason'],
    (sandbox, params, id = '') => {
      assertUnfinished(sandbox.get('setup_intent', id), 'cancel')
      const canceled = sandbox.change('setup_intent', id, {
        cancellation_reason: params.cancellation_reason ?? null,
        next_action: null,
        status: 'canceled',
      })
      sandbox.emit('setup_intent.canceled', canceled)
      return canceled
    },
  ),
]

export function createSetupIntent(sandbox: Sandbox, params: SetupParams): SetupIntent {
  if (params.customer !== undefined) sandbox.get('customer', params.customer, 'customer')
  const method = params.payment_method
    ? methodOf(sandbox, params.payment_method, 'payment_method')
    : undefined
  const id = sandbox.ids.next('seti')
  const intent = sandbox.create(
    'setup_intent',
    {
      id,
      client_secret: `${id}_secret_${sandbox.ids.text(25)}`,
      customer: params.customer ?? null,
      description: params.description ?? null,
      metadata: merged({}, params.metadata),
      payment_method: method?.id ?? null,
      payment_method_types: ['card'],
      status: method ? 'requires_confirmation' : 'requires_payment_method',
      usage: params.usage ?? 'off_session',
    },
    sandbox.clockOf(params),
  )
  sandbox.emit('setup_intent.created', intent)
  return intent
}

/** Keeps the card for later payments, once its holder has confirmed where the card wants that. */
export function confirmSetup(
  sandbox: Sandbox,
  id: string,
  {
    payment_method: methodId,
    return_url: returnUrl,
    isAuthenticated = false,
  }: { payment_method?: string; return_url?: string; isAuthenticated?: boolean },
): { intent: SetupIntent; declined?: Decline } {
  const before = sandbox.get('setup_intent', id)
  assertUnfinished(before, 'confirm')
  const given = methodId ?? before.payment_method
  if (given === null)
    throw invalid(
      "You cannot confirm this SetupIntent because it's missing a payment method.",
      undefined,
      'setup_intent_unexpected_state',
    )
  const method = methodOf(sandbox, given, 'payment_method')
  const { authentication, onAttach } = cardBehind(sandbox, method)
  if (onAttach) return refuse(sandbox, id, method, onAttach)
  if (authentication && !isAuthenticated) {
    const intent = sandbox.change('setup_intent', id, {
      next_action: {
        type: 'redirect_to_url',
        redirect_to_url: { url: `${sandbox.origin}/authenticate/${id}`, return_url: returnUrl ?? null },
      },
      payment_method: method.id,
      status: 'requires_action',
    })
    sandbox.emit('setup_intent.requires_action', intent)
    return { intent }
  }
  if (authentication) sandbox.cardsSetUp.add(method.id)
  if (before.customer !== null) attachMethod(sandbox, method.id, before.customer)
  const intent = sandbox.change('setup_intent', id, {
    last_setup_error: null,
    next_action: null,
    payment_method: method.id,
    status: 'succeeded',
  })
  sandbox.emit('setup_intent.succeeded', intent)
  return { intent }
}

/** What its holder says when asked to confirm. */
export function answerSetupAuthentication(sandbox: Sandbox, id: string, isConfirmed: boolean): SetupIntent {
  const intent = sandbox.get('setup_intent', id)
  if (isConfirmed) return confirmSetup(sandbox, id, { isAuthenticated: true }).intent
  return refuse(sandbox, id, sandbox.get('payment_method', intent.payment_method ?? ''), {
    code: 'setup_intent_authentication_failure',
    message:
      'We are unable to authenticate your payment method. Please choose a different one and try again.',
  }).intent
}

function confirm(sandbox: Sandbox, params: SetupParams, id = ''): SetupIntent {
  const { intent, declined } = confirmSetup(sandbox, id, params)
  if (declined) throw cardError(declined, { setup_intent: intent }, true)
  return intent
}

function refuse(
  sandbox: Sandbox,
  id: string,
  method: PaymentMethod,
  declined: Decline,
): { intent: SetupIntent; declined: Decline } {
  const intent = sandbox.change('setup_intent', id, {
    last_setup_error: { type: 'card_error', ...declined, payment_method: method },
    next_action: null,
    payment_method: null,
    status: 'requires_payment_method',
  })
  sandbox.emit('setup_intent.setup_failed', intent)
  return { intent, declined }
}

function assertUnfinished({ status }: SetupIntent, verb: string): void {
  if (status !== 'succeeded' && status !== 'canceled') return
  throw invalid(
    `You cannot ${verb} this SetupIntent because it has a status of ${status}.`,
    undefined,
    'setup_intent_unexpected_state',
  )
}
