import Stripe from 'stripe'
import type { Actor } from '../actor.ts'
import { Problem } from '../errors.ts'
import { isUnanswered, passes } from './customer.ts'
import { forgetLetGo, letGo, putBackSoon } from './let-go.ts'
import { answered } from './one-at-a-time.ts'
import type { Quote } from './quote.ts'
import type { Standing } from './standing.ts'

/**
 * Charges first: where the payment does not come, the subscription stays as it was. A change that was scheduled is
 * dropped for this one, and put back where this one fails.
 * @returns where the payment has to be confirmed first, if so
 * @throws Problem declined; unavailable where Stripe did not say whether it was done
 */
export async function changeNow(
  client: Stripe,
  actor: Actor,
  standing: Standing,
  quoted: Quote,
  key: string,
): Promise<string | null> {
  await letGo(client, actor, 'billing.change', standing)
  const confirmAt = await asked(client, standing, quoted, key).catch(async (error: unknown) => {
    // The next reading sees whether it was done, and puts back what was let go where it was not.
    if (isUnanswered(error)) throw notAnswered()
    // Of what it was too busy for Stripe keeps no answer.
    if (!passes(error)) await answered(actor)
    await putBackSoon(client, actor)
    throw isNotPaid(error) ? declined(error) : error
  })
  await answered(actor)
  if (confirmAt === null) await forgetLetGo(actor)
  return confirmAt
}

async function asked(client: Stripe, standing: Standing, quoted: Quote, key: string): Promise<string | null> {
  if (!standing.isTrial) return chargeNow(client, standing, quoted, key)
  await update(client, standing, quoted, { proration_behavior: 'none' }, key)
  return null
}

/**
 * A card that is declined leaves nothing behind. Where its holder has to confirm, the change waits at Stripe with its
 * invoice, on whose page that can be done; after 23 hours it is dropped.
 */
async function chargeNow(
  client: Stripe,
  standing: Standing,
  quoted: Quote,
  key: string,
): Promise<string | null> {
  const invoiced = { proration_behavior: 'always_invoice' } as const
  try {
    const strictly = { ...invoiced, payment_behavior: 'error_if_incomplete' } as const
    await update(client, standing, quoted, strictly, key)
    return null
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeCardError && needsHolder.has(error.code ?? ''))) throw error
  }
  const waiting = { ...invoiced, payment_behavior: 'pending_if_incomplete' } as const
  const updated = await update(client, standing, quoted, waiting, `${key} confirm`)
  if (updated.pending_update === null) return null
  const { latest_invoice: invoice } = updated
  return (typeof invoice === 'object' && invoice?.hosted_invoice_url) || null
}

const update = (
  client: Stripe,
  { subscription }: Standing,
  { items, prorationDate }: Quote,
  payment: Stripe.SubscriptionUpdateParams,
  idempotencyKey: string,
) =>
  client.subscriptions.update(
    subscription.id,
    {
      // The seats as they were shown: whoever joined meanwhile has one with the next reading.
      items,
      ...payment,
      ...(prorationDate === null ? {} : { proration_date: prorationDate }),
      expand: ['latest_invoice'],
    },
    { idempotencyKey },
  )

const needsHolder = new Set(['authentication_required', 'subscription_payment_intent_requires_action'])

const notAnswered = () =>
  new Problem(
    'unavailable',
    'Stripe did not say whether the change was made. Look at this page again in a minute, before you try once more.',
  )

/** The card, or that there is none, which Stripe counts as asked wrongly. */
const isNotPaid = (error: unknown): error is Stripe.errors.StripeError =>
  error instanceof Stripe.errors.StripeCardError ||
  (error instanceof Stripe.errors.StripeInvalidRequestError &&
    error.code === 'resource_missing' &&
    error.param === undefined)

/** What the bank said, in words that say what to do. Nothing was charged, and nothing is changed. */
function declined({ code, message }: Stripe.errors.StripeError): Problem {
  const nothing = 'Nothing was charged, and your plan is as it was.'
  if (code === 'resource_missing')
    return new Problem(
      'declined',
      `There is no card to charge. ${nothing} Add one under Payment, and try again.`,
    )
  return new Problem('declined', `${message} ${nothing} Choose another card under Payment, and try again.`)
}
