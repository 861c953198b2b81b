import type { Cents } from '../core/objects/base.ts'
import type { Price } from '../core/objects/catalog.ts'
import type { Customer } from '../core/objects/customers.ts'
import type { Tax } from '../core/objects/invoices.ts'
import { percentOf } from './amounts.ts'

/** Automatic tax by where the customer is, in percent; elsewhere none. Not today's law: a table to test with. */
const taxTable: Record<string, number> = {
  AT: 20,
  CH: 8.1,
  DE: 19,
  ES: 21,
  FR: 20,
  GB: 20,
  IE: 23,
  NL: 21,
}

/**
 * The tax on one line.
 * @param hasTaxId whether the customer gave a tax id: then the tax is theirs to pay (reverse charge), but at home
 */
export function taxOn(
  amount: Cents,
  behavior: Price['tax_behavior'],
  customer: Customer,
  hasTaxId: boolean,
): Tax[] {
  const country = customer.address?.country ?? ''
  const rate = taxTable[country]
  if (rate === undefined) return []
  const isExempt = customer.tax_exempt === 'exempt'
  const isReversed = customer.tax_exempt === 'reverse' || (hasTaxId && country !== home)
  const isInclusive = behavior === 'inclusive'
  const tax = isInclusive ? amount - percentOf(amount, 100 / (1 + rate / 100)) : percentOf(amount, rate)
  const due = isExempt || isReversed ? 0 : tax
  return [
    {
      amount: due,
      tax_behavior: isInclusive ? 'inclusive' : 'exclusive',
      tax_rate_details: { tax_rate: `txr_${country.toLowerCase()}` },
      taxability_reason: isExempt ? 'customer_exempt' : isReversed ? 'reverse_charge' : 'standard_rated',
      taxable_amount: isInclusive ? amount - due : amount,
      type: 'tax_rate_details',
    },
  ]
}

/** Where the account itself is. */
const home = 'IE'
