import { describe, expect, it } from 'vitest'
import { hidden, redacted } from './redact.ts'

const invoice = {
  id: 'evt_1NG8Du2eZvKYlo2C',
  object: 'event',
  api_version: '2026-10-28.endive',
  type: 'invoice.paid',
  livemode: false,
  created: 1_796_000_000,
  data: {
    object: {
      id: 'in_1NG8Du2eZvKYlo2C',
      object: 'invoice',
      status: 'paid',
      currency: 'eur',
      amount_due: 952,
      customer: 'cus_NffrFeUfNV2Hib',
      customer_name: 'Ada Lovelace',
      customer_email: 'ada@example.test',
      customer_phone: null,
      customer_address: {
        city: 'London',
        country: 'GB',
        line1: '12 St James’s Square',
        postal_code: 'SW1Y 4LB',
      },
      customer_tax_ids: [{ type: 'eu_vat', value: 'DE123456789' }],
      hosted_invoice_url: 'https://invoice.stripe.com/i/acct_1/test_secret',
      description: 'For Ada',
      metadata: { organisation: '0197a1b2-0000-7000-8000-000000000001', note: 'call Ada at home' },
      payment_method_details: { card: { brand: 'visa', last4: '4242', exp_year: 2034 } },
      lines: { data: [{ id: 'il_1', amount: 800, description: 'Seat of Ada', price: 'price_1' }] },
    },
  },
}

describe('a payload as operators see it', () => {
  it('keeps ids, states, amounts and its shape', () => {
    const { data, ...event } = redacted(invoice) as typeof invoice
    expect(event).toEqual({ ...invoice, data: undefined, ...event })
    expect(data.object).toMatchObject({
      id: 'in_1NG8Du2eZvKYlo2C',
      status: 'paid',
      currency: 'eur',
      amount_due: 952,
      customer: 'cus_NffrFeUfNV2Hib',
      customer_phone: null,
      metadata: { organisation: '0197a1b2-0000-7000-8000-000000000001' },
      lines: { data: [{ id: 'il_1', amount: 800, price: 'price_1' }] },
    })
  })

  it('shows nothing of a card, an address or a person, wherever it stands', () => {
    const text = JSON.stringify(redacted(invoice))
    for (const personal of ['Ada', 'ada@', 'London', 'GB', 'SW1Y', '4242', 'visa', '2034', 'DE123', 'secret'])
      expect(text).not.toContain(personal)
    // These eyes see them where they are.
    for (const personal of ['Ada', 'London', '4242']) expect(JSON.stringify(invoice)).toContain(personal)
  })

  it.each([
    ['a field that nobody knows', { favourite_colour: 'blue' }],
    ['a sentence in a field that holds words', { reason: 'Ada asked for it' }],
    ['an address of mail in a field that holds ids', { id: 'ada@example.test' }],
    ['the number of a card in a field that holds codes', { code: '4242424242424242' }],
  ])('hides %s', (_, payload) => {
    expect(Object.values(redacted(payload) as object)).toEqual([hidden])
  })
})
