import type { Cents, Period, Seconds } from '../core/objects/base.ts'
import type { Price, Tier } from '../core/objects/catalog.ts'
import type { Sandbox } from '../core/sandbox.ts'

/** Stripe's decimals have at most twelve places. */
const places = 12
const scale = 10n ** BigInt(places)

/** A whole number of cents, halves away from zero. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const isNegative = numerator < 0n !== denominator < 0n
  const [above, below] = [
    numerator < 0n ? -numerator : numerator,
    denominator < 0n ? -denominator : denominator,
  ]
  const rounded = (2n * above + below) / (2n * below)
  return isNegative ? -rounded : rounded
}

/** What a price costs for a whole period. @param quantity as it stands on the subscription */
export function amountOf(sandbox: Sandbox, price: Price, quantity: number): Cents {
  const { transform_quantity: transform } = price
  const units = transform
    ? Math[transform.round === 'up' ? 'ceil' : 'floor'](quantity / transform.divide_by)
    : quantity
  const exact =
    price.billing_scheme === 'tiered'
      ? tiered(sandbox.priceTiers.get(price.id) ?? [], price.tiers_mode, units)
      : BigInt(units) * scaled(price.unit_amount_decimal)
  return Number(divideRounded(exact, scale))
}

/**
 * The part of an amount that falls on the time from `at` to the period's end, by seconds:
 * amount × (end − at) ÷ (end − start). https://docs.stripe.com/billing/subscriptions/prorations
 */
export function prorated(amount: Cents, { start, end }: Period, at: Seconds): Cents {
  const [whole, left] = [end - start, end - Math.min(Math.max(at, start), end)]
  if (whole <= 0) return 0
  return Number(divideRounded(BigInt(amount) * BigInt(left), BigInt(whole))) || 0
}

/** @param percent with up to four places */
export const percentOf = (amount: Cents, percent: number): Cents =>
  Number(divideRounded(BigInt(amount) * BigInt(Math.round(percent * 10_000)), 1_000_000n)) || 0

/** Shares an amount among others by their size, to the cent: what rounding leaves goes to the largest. */
export function share(amount: Cents, among: readonly Cents[]): Cents[] {
  const whole = among.reduce((sum, one) => sum + one, 0)
  if (whole === 0) return among.map(() => 0)
  const shares = among.map((one) => Number((BigInt(amount) * BigInt(one)) / BigInt(whole)) || 0)
  let left = amount - shares.reduce((sum, one) => sum + one, 0)
  const largestFirst = among.map((_, place) => place).sort((a, b) => (among[b] ?? 0) - (among[a] ?? 0))
  for (const place of largestFirst) {
    if (left <= 0) break
    shares[place] = (shares[place] ?? 0) + 1
    left--
  }
  return shares
}

/** In units of 10⁻¹² cents. */
function scaled(decimal: string | null): bigint {
  const [whole = '0', fraction = ''] = (decimal ?? '0').split('.')
  return BigInt(`${whole}${fraction.padEnd(places, '0').slice(0, places)}`)
}

/** https://docs.stripe.com/products-prices/pricing-models#tiered-pricing */
function tiered(tiers: readonly Tier[], mode: Price['tiers_mode'], units: number): bigint {
  let [below, total] = [0, 0n]
  for (const { up_to: upTo, flat_amount_decimal: flat, unit_amount_decimal: unit } of tiers) {
    const isLast = upTo === null || units <= upTo
    if (mode === 'volume') {
      if (isLast) return BigInt(units) * scaled(unit) + scaled(flat)
      continue
    }
    total += BigInt((isLast ? units : upTo) - below) * scaled(unit) + scaled(flat)
    if (isLast) return total
    below = upTo
  }
  return total
}
