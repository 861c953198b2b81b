import type { PaymentMethod } from '../core/objects/customers.ts'
import type { PaymentIntent } from '../core/objects/payments.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid } from '../http/errors.ts'
import { chargeCard } from './charges.ts'
import { attachMethod, cardBehind, methodOf } from './payment-methods.ts'
import type { Decline } from './test-cards.ts'

export type Confirmation = {
  payment_method?: string
  /** Whether its holder is away: then nobody can confirm. */
  off_session?: boolean | string
  return_url?: string
  /** Whether its holder has just confirmed. */
  isAuthenticated?: boolean
}

/**
 * Tries to take the money.
 * @returns why the card was declined, where it was; otherwise the intent says how it stands
 */
export function confirmIntent(
  sandbox: Sandbox,
  id: string,
  {
    payment_method: given,
    off_session: isAway = false,
    return_url: returnUrl,
    isAuthenticated,
  }: Confirmation,
): { intent: PaymentIntent; declined?: Decline; charge?: string } {
  const before = sandbox.get('payment_intent', id)
  assertState(before, ['requires_payment_method', 'requires_confirmation', 'requires_action'], 'confirm')
  const methodId = given ?? before.payment_method
  if (methodId === null)
    throw invalid(
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method.",
      undefined,
      'payment_intent_unexpected_state',
    )
  const method = methodOf(sandbox, methodId, 'payment_method')
  const card = cardBehind(sandbox, method)
  const needsHolder =
    card.authentication === 'always' ||
    (card.authentication === 'until_set_up' && !sandbox.cardsSetUp.has(method.id))
  if (needsHolder && !isAuthenticated) {
    if (isAway) return decline(sandbox, before, method, authenticationRequired)
    const intent = sandbox.change('payment_intent', id, {
      next_action: {
        type: 'redirect_to_url',
        redirect_to_url: {
          url: `${sandbox.origin}/authenticate/${id}`,
          return_url: returnUrl ?? null,
        },
      },
      payment_method: method.id,
      status: 'requires_action',
    })
    sandbox.emit('payment_intent.requires_action', intent)
    return { intent }
  }
  if (card.onCharge) return decline(sandbox, before, method, card.onCharge)
  return { intent: succeed(sandbox, before, method, isAuthenticated ?? false) }
}

/** What its holder says when asked to confirm. */
export function answerAuthentication(sandbox: Sandbox, id: string, isConfirmed: boolean): PaymentIntent {
  const intent = sandbox.get('payment_intent', id)
  assertState(intent, ['requires_action'], 'authenticate')
  if (isConfirmed) return confirmIntent(sandbox, id, { isAuthenticated: true }).intent
  const method = sandbox.get('payment_method', intent.payment_method ?? '')
  return decline(sandbox, intent, method, {
    code: 'payment_intent_authentication_failure',
    message:
      'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
  }).intent
}

export const authenticationRequired: Decline = {
  code: 'authentication_required',
  decline_code: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
}

function succeed(
  sandbox: Sandbox,
  before: PaymentIntent,
  method: PaymentMethod,
  isAuthenticated: boolean,
): PaymentIntent {
  const isHeld = before.capture_method === 'manual'
  const charge = chargeCard(sandbox, before, method, { isCaptured: !isHeld })
  if (before.setup_future_usage !== null) {
    if (before.customer !== null) attachMethod(sandbox, method.id, before.customer)
    if (isAuthenticated) sandbox.cardsSetUp.add(method.id)
  }
  const intent = sandbox.change('payment_intent', before.id, {
    amount_capturable: isHeld ? before.amount : 0,
    amount_received: isHeld ? 0 : before.amount,
    last_payment_error: null,
    latest_charge: charge.id,
    next_action: null,
    payment_method: method.id,
    status: isHeld ? 'requires_capture' : 'succeeded',
  })
  sandbox.emit(isHeld ? 'payment_intent.amount_capturable_updated' : 'payment_intent.succeeded', intent)
  return sandbox.get('payment_intent', before.id)
}

function decline(
  sandbox: Sandbox,
  before: PaymentIntent,
  method: PaymentMethod,
  declined: Decline,
): { intent: PaymentIntent; declined: Decline; charge: string } {
  const charge = chargeCard(sandbox, before, method, { declined })
  const intent = sandbox.change('payment_intent', before.id, {
    last_payment_error: { type: 'card_error', ...declined, payment_method: method },
    latest_charge: charge.id,
    next_action: null,
    payment_method: null,
    status: 'requires_payment_method',
  })
  sandbox.emit('payment_intent.payment_failed', intent)
  return { intent: sandbox.get('payment_intent', before.id), declined, charge: charge.id }
}

export function assertState(
  intent: PaymentIntent,
  states: readonly PaymentIntent['status'][],
  verb: string,
): void {
  if (states.includes(intent.status)) return
  throw invalid(
    `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be used so: ${states.join(', ')}.`,
    undefined,
    'payment_intent_unexpected_state',
  )
}
