import type { Kind } from './resources.ts'

/** How each id begins, and how the events of a kind are named; null where a change makes no event. */
export const kinds = {
  'billing.meter': { prefix: 'mtr', events: 'billing.meter', words: 'meter' },
  'billing_portal.configuration': {
    prefix: 'bpc',
    events: 'billing_portal.configuration',
    words: 'billing portal configuration',
  },
  'billing_portal.session': { prefix: 'bps', events: null, words: 'billing portal session' },
  charge: { prefix: 'ch', events: 'charge', words: 'charge' },
  'checkout.session': { prefix: 'cs_test', events: null, words: 'checkout session' },
  coupon: { prefix: '', events: 'coupon', words: 'coupon' },
  customer: { prefix: 'cus', events: 'customer', words: 'customer' },
  customer_balance_transaction: { prefix: 'cbtxn', events: null, words: 'customer balance transaction' },
  discount: { prefix: 'di', events: 'customer.discount', words: 'discount' },
  dispute: { prefix: 'du', events: 'charge.dispute', words: 'dispute' },
  event: { prefix: 'evt', events: null, words: 'event' },
  invoice: { prefix: 'in', events: 'invoice', words: 'invoice' },
  invoice_payment: { prefix: 'inpay', events: null, words: 'invoice payment' },
  invoiceitem: { prefix: 'ii', events: null, words: 'invoiceitem' },
  payment_intent: { prefix: 'pi', events: null, words: 'payment_intent' },
  payment_method: { prefix: 'pm', events: 'payment_method', words: 'PaymentMethod' },
  price: { prefix: 'price', events: 'price', words: 'price' },
  product: { prefix: 'prod', events: 'product', words: 'product' },
  promotion_code: { prefix: 'promo', events: 'promotion_code', words: 'promotion code' },
  refund: { prefix: 're', events: 'refund', words: 'refund' },
  setup_intent: { prefix: 'seti', events: null, words: 'setupintent' },
  subscription: { prefix: 'sub', events: 'customer.subscription', words: 'subscription' },
  subscription_schedule: {
    prefix: 'sub_sched',
    events: 'subscription_schedule',
    words: 'subscription schedule',
  },
  tax_id: { prefix: 'txi', events: 'customer.tax_id', words: 'tax id' },
  'test_helpers.test_clock': { prefix: 'clock', events: null, words: 'testhelpers test clock' },
  webhook_endpoint: { prefix: 'we', events: null, words: 'webhook endpoint' },
} as const satisfies Record<Kind, { prefix: string; events: string | null; words: string }>
