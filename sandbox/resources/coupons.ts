import type { Cents, Metadata, Seconds } from '../core/objects/base.ts'
import type { Coupon, Discount, PromotionCode } from '../core/objects/catalog.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, missingParameter } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { listing, retrieving } from '../http/reads.ts'
import { addMonths } from './calendar.ts'
import { given, merged } from './metadata.ts'

type CouponParams = {
  amount_off?: number
  currency?: string
  duration?: Coupon['duration']
  duration_in_months?: number
  id?: string
  max_redemptions?: number
  metadata?: Metadata | ''
  name?: string
  percent_off?: number
  redeem_by?: Seconds
}

type PromotionParams = {
  active?: boolean
  code?: string
  customer?: string
  expires_at?: Seconds | ''
  max_redemptions?: number
  metadata?: Metadata | ''
  promotion: { type: 'coupon'; coupon?: string }
  restrictions?: {
    first_time_transaction?: boolean
    minimum_amount?: number
    minimum_amount_currency?: string
  }
}

/** A discount as subscriptions and sessions are given it: one of the three. */
export type DiscountParams = { coupon?: string; discount?: string; promotion_code?: string }

export const couponOperations = [
  operation<CouponParams>(
    'POST /v1/coupons',
    [
      'amount_off',
      'currency',
      'duration',
      'duration_in_months',
      'id',
      'max_redemptions',
      'metadata',
      'name',
      'percent_off',
      'redeem_by',
    ],
    createCoupon,
  ),
  operation<CouponParams>('POST /v1/coupons/{coupon}', ['metadata', 'name'], (sandbox, params, id = '') => {
    const coupon = sandbox.get('coupon', id)
    return sandbox.change('coupon', id, {
      ...given(params, ['name']),
      metadata: merged(coupon.metadata, params.metadata),
    })
  }),
  retrieving('coupon', 'GET /v1/coupons/{coupon}'),
  operation('DELETE /v1/coupons/{coupon}', [], (sandbox, _params, id = '') => sandbox.remove('coupon', id)),
  listing('coupon', 'GET /v1/coupons'),
  operation<PromotionParams>(
    'POST /v1/promotion_codes',
    ['active', 'code', 'customer', 'expires_at', 'max_redemptions', 'metadata', 'promotion', 'restrictions'],
    createPromotionCode,
  ),
  operation<Partial<PromotionParams>>(
    'POST /v1/promotion_codes/{promotion_code}',
    ['active', 'metadata'],
    (sandbox, params, id = '') => {
      const code = sandbox.get('promotion_code', id)
      return sandbox.change('promotion_code', id, {
        ...given(params, ['active']),
        metadata: merged(code.metadata, params.metadata),
      })
    },
  ),
  retrieving('promotion_code', 'GET /v1/promotion_codes/{promotion_code}'),
  listing<'promotion_code', { code: string; coupon: string }>(
    'promotion_code',
    'GET /v1/promotion_codes',
    ['active', 'customer'],
    {
      code: (row, code) => row.code.toLowerCase() === code.toLowerCase(),
      coupon: (row, coupon) => row.promotion.coupon === coupon,
    },
  ),
]

/** @returns undefined where no promotion code that still counts is spelled so */
export function promotionCodeNamed(sandbox: Sandbox, code: string): PromotionCode | undefined {
  for (const row of sandbox.table('promotion_code').newestFirst()) {
    if (row.active && row.code.toLowerCase() === code.toLowerCase()) return row
  }
  return undefined
}

/**
 * Redeems a coupon or a promotion code.
 * @param of what the discount is for
 * @throws StripeError where it does not count, or not here
 */
export function redeem(
  sandbox: Sandbox,
  params: DiscountParams,
  of: { customer: string; subscription?: string; checkout_session?: string },
  amount?: { cents: Cents; currency: string },
): Discount {
  const now = sandbox.clockOf(of).now
  const code =
    params.promotion_code === undefined
      ? undefined
      : usableCode(sandbox, params.promotion_code, of.customer, now, amount)
  const couponId = code?.promotion.coupon ?? params.coupon
  if (couponId === undefined)
    throw invalid(
      'You must pass one of coupon or promotion_code for a discount.',
      'discounts',
      'parameter_missing',
    )
  const coupon = sandbox.get('coupon', couponId, 'coupon')
  if (!coupon.valid || (coupon.redeem_by !== null && coupon.redeem_by <= now))
    throw invalid(`Coupon expired: ${coupon.id}`, 'coupon', 'coupon_expired')
  if (coupon.currency !== null && amount && coupon.currency !== amount.currency)
    throw invalid(`The coupon ${coupon.id} is for ${coupon.currency}, not for ${amount.currency}.`, 'coupon')
  countRedemption(sandbox, coupon, code)
  const months = coupon.duration === 'repeating' ? coupon.duration_in_months : null
  const { id, object } = sandbox.make('discount', {})
  const discount = sandbox.table('discount').insert({
    id,
    object,
    checkout_session: of.checkout_session ?? null,
    customer: of.customer,
    customer_account: null,
    end: months === null ? null : addMonths(now, months),
    invoice: null,
    invoice_item: null,
    promotion_code: code?.id ?? null,
    source: { type: 'coupon', coupon: coupon.id },
    start: now,
    subscription: of.subscription ?? null,
    subscription_item: null,
  } as Discount)
  sandbox.emit('customer.discount.created', discount)
  return discount
}

function createCoupon(sandbox: Sandbox, params: CouponParams): Coupon {
  const { amount_off: amount, percent_off: percent, currency, duration = 'once', id } = params
  if ((amount === undefined) === (percent === undefined))
    throw invalid(
      'You must pass exactly one of amount_off or percent_off.',
      'percent_off',
      'parameter_missing',
    )
  if (amount !== undefined && currency === undefined)
    throw invalid('You must pass currency when passing amount_off.', 'currency', 'parameter_missing')
  if (percent !== undefined && (percent <= 0 || percent > 100))
    throw invalid('percent_off must be greater than 0 and at most 100.', 'percent_off')
  if ((duration === 'repeating') !== (params.duration_in_months !== undefined))
    throw invalid('duration_in_months is for duration=repeating, and needed there.', 'duration_in_months')
  if (id !== undefined && sandbox.find('coupon', id))
    throw invalid('Coupon already exists.', 'id', 'resource_already_exists')
  return sandbox.create('coupon', {
    id: id ?? sandbox.ids.text(8),
    amount_off: amount ?? null,
    currency: amount === undefined ? null : (currency ?? null),
    duration,
    duration_in_months: params.duration_in_months ?? null,
    max_redemptions: params.max_redemptions ?? null,
    metadata: merged({}, params.metadata),
    name: params.name ?? null,
    percent_off: percent ?? null,
    redeem_by: params.redeem_by ?? null,
    times_redeemed: 0,
    valid: true,
  })
}

function createPromotionCode(sandbox: Sandbox, params: PromotionParams): PromotionCode {
  const coupon = sandbox.get('coupon', params.promotion.coupon ?? '', 'promotion[coupon]')
  const code = params.code ?? sandbox.ids.text(8, 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789')
  if (promotionCodeNamed(sandbox, code))
    throw invalid(
      `An active promotion code with \`code: ${code}\` already exists.`,
      'code',
      'resource_already_exists',
    )
  return sandbox.create('promotion_code', {
    active: params.active ?? true,
    code,
    customer: params.customer ?? null,
    expires_at: params.expires_at || null,
    max_redemptions: params.max_redemptions ?? null,
    metadata: merged({}, params.metadata),
    promotion: { type: 'coupon', coupon: coupon.id },
    restrictions: {
      first_time_transaction: params.restrictions?.first_time_transaction ?? false,
      minimum_amount: params.restrictions?.minimum_amount ?? null,
      minimum_amount_currency: params.restrictions?.minimum_amount_currency ?? null,
    },
    times_redeemed: 0,
  })
}

function usableCode(
  sandbox: Sandbox,
  id: string,
  customer: string,
  now: Seconds,
  amount: { cents: Cents; currency: string } | undefined,
): PromotionCode {
  const code = sandbox.get('promotion_code', id, 'promotion_code')
  const { first_time_transaction: firstTime, minimum_amount: minimum } = code.restrictions
  const refuse = (why: string) =>
    invalid(`This promotion code cannot be redeemed because ${why}.`, 'promotion_code')
  if (!code.active || (code.expires_at !== null && code.expires_at <= now)) throw refuse('it has expired')
  if (code.customer !== null && code.customer !== customer)
    throw missingParameter('promotion code', id, 'promotion_code')
  if (minimum !== null && amount && amount.cents < minimum) throw refuse('the amount is below its minimum')
  if (firstTime && hasPaid(sandbox, customer)) throw refuse('the associated customer has prior transactions')
  return code
}

function hasPaid(sandbox: Sandbox, customer: string): boolean {
  for (const charge of sandbox.table('charge').newestFirst()) {
    if (charge.customer === customer && charge.paid) return true
  }
  return false
}

function countRedemption(sandbox: Sandbox, coupon: Coupon, code: PromotionCode | undefined): void {
  const redeemed = coupon.times_redeemed + 1
  sandbox.change('coupon', coupon.id, {
    times_redeemed: redeemed,
    valid: coupon.max_redemptions === null || redeemed < coupon.max_redemptions,
  })
  if (!code) return
  const times = code.times_redeemed + 1
  sandbox.change('promotion_code', code.id, {
    times_redeemed: times,
    active: code.max_redemptions === null || times < code.max_redemptions,
  })
}
