import type { Cents, Metadata, Seconds } from '../core/objects/base.ts'
import type { Price } from '../core/objects/catalog.ts'
import type { CheckoutSession } from '../core/objects/hosted.ts'
import type { Subscription } from '../core/objects/subscriptions.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { StripeError } from '../http/errors.ts'
import { type PageParams, pageOf } from '../http/pages.ts'
import { amountOf } from './amounts.ts'
import { type DiscountParams, promotionCodeNamed, redeem } from './coupons.ts'
import { newCustomer } from './customers.ts'
import { discounted } from './discounts.ts'
import { createSubscription } from './subscriptions.ts'

export type SubscriptionData = {
  description?: string
  metadata?: Metadata
  trial_end?: Seconds
  trial_period_days?: number
  trial_settings?: Subscription['trial_settings']
}

/** What a session sells. */
export type SessionPlan = {
  lines: { id: string; price: Price; quantity: number }[]
  subscriptionData: SubscriptionData
  /** Whether the page asks for a tax id. */
  asksForTaxId: boolean
  intentData: { description?: string; metadata?: Metadata; setup_future_usage?: 'off_session' | 'on_session' }
}

/** @returns why the code does not count, or undefined where it does */
export function applyPromotionCode(sandbox: Sandbox, id: string, code: string): string | undefined {
  const session = sandbox.get('checkout.session', id)
  const found = promotionCodeNamed(sandbox, code)
  if (!found) return 'This code is invalid.'
  try {
    sandbox.transaction(() => {
      const discounts = [{ coupon: null, promotion_code: found.id }]
      const { subtotal, total, totals } = quote(sandbox, { ...session, discounts })
      sandbox.change('checkout.session', id, {
        amount_subtotal: subtotal,
        amount_total: total,
        discounts,
        total_details: totals,
      } as Partial<CheckoutSession>)
    })
    return undefined
  } catch (error) {
    if (error instanceof StripeError) return error.message
    throw error
  }
}

export function lineItemsOf(sandbox: Sandbox, id: string, params: PageParams = {}) {
  const rows = planOf(sandbox, id).lines.map(({ id: line, price, quantity }) => {
    const amount = amountOf(sandbox, price, quantity)
    return {
      id: line,
      object: 'item' as const,
      adjustable_quantity: null,
      amount_discount: 0,
      amount_subtotal: amount,
      amount_tax: 0,
      amount_total: amount,
      currency: price.currency,
      description: sandbox.find('product', price.product)?.name ?? price.id,
      metadata: {},
      price,
      quantity,
    }
  })
  return pageOf(rows, `/v1/checkout/sessions/${id}/line_items`, params)
}

type Quote = {
  subtotal: Cents | null
  total: Cents | null
  totals: { amount_discount: Cents; amount_shipping: Cents; amount_tax: Cents } | null
}

export const nothing: Quote = { subtotal: null, total: null, totals: null }

/** What is due today: the purchase is made, looked at, and taken back. */
export function quote(sandbox: Sandbox, session: CheckoutSession): Quote {
  return sandbox.tentatively(() => {
    const customer = session.customer ?? sandbox.create('customer', newCustomer(sandbox)).id
    if (session.mode === 'payment') {
      const amounts = planOf(sandbox, session.id).lines.map(({ price, quantity }) =>
        amountOf(sandbox, price, quantity),
      )
      const subtotal = amounts.reduce((sum, one) => sum + one, 0)
      const off = discountOf(sandbox, session, customer, subtotal)
      return {
        subtotal,
        total: subtotal - off,
        totals: { amount_discount: off, amount_shipping: 0, amount_tax: 0 },
      }
    }
    const { latest_invoice: id } = createSubscription(sandbox, {
      ...subscriptionParams(sandbox, session),
      customer,
    })
    const {
      subtotal,
      total,
      total_discount_amounts: off,
      total_taxes: taxes,
    } = sandbox.get('invoice', id ?? '')
    const sum = (rows: readonly { amount: Cents }[]) => rows.reduce((whole, { amount }) => whole + amount, 0)
    return {
      subtotal,
      total,
      totals: { amount_discount: sum(off), amount_shipping: 0, amount_tax: sum(taxes) },
    }
  })
}

function discountOf(
  sandbox: Sandbox,
  { discounts }: CheckoutSession,
  customer: string,
  subtotal: Cents,
): Cents {
  const redeemed = discounts.map((one) => redeem(sandbox, asDiscount(one), { customer }))
  return discounted(sandbox, redeemed, [subtotal]).reduce((sum, { off }) => sum + (off[0] ?? 0), 0)
}

export const asDiscount = ({
  coupon,
  promotion_code: code,
}: {
  coupon: string | null
  promotion_code: string | null
}): DiscountParams => ({
  ...(coupon === null ? {} : { coupon }),
  ...(code === null ? {} : { promotion_code: code }),
})

export function subscriptionParams(sandbox: Sandbox, session: CheckoutSession) {
  const { lines, subscriptionData } = planOf(sandbox, session.id)
  return {
    ...subscriptionData,
    automatic_tax: { enabled: session.automatic_tax.enabled },
    customer: session.customer ?? '',
    discounts: session.discounts.map(asDiscount),
    items: lines.map(({ price, quantity }) => ({
      price: price.id,
      ...(price.recurring?.usage_type === 'metered' ? {} : { quantity }),
    })),
    payment_behavior: 'default_incomplete' as const,
    payment_settings: { save_default_payment_method: 'on_subscription' as const },
  }
}

export function planOf(sandbox: Sandbox, id: string): SessionPlan {
  const plan = sandbox.sessionPlans.get(id)
  if (!plan) throw new Error(`${id} sells nothing`)
  return plan
}
