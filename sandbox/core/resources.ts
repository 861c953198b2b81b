import type { Coupon, Discount, Meter, Price, Product, PromotionCode } from './objects/catalog.ts'
import type { BalanceTransaction, Customer, PaymentMethod, TaxId, TestClock } from './objects/customers.ts'
import type { StripeEvent, WebhookEndpoint } from './objects/events.ts'
import type { CheckoutSession, PortalConfiguration, PortalSession } from './objects/hosted.ts'
import type { Invoice, InvoiceItem, InvoicePayment } from './objects/invoices.ts'
import type { Charge, Dispute, PaymentIntent, Refund, SetupIntent } from './objects/payments.ts'
import type { Schedule, Subscription } from './objects/subscriptions.ts'

/** The kinds of objects that the sandbox keeps, by what Stripe calls them in `object`. */
export type Resources = {
  'billing.meter': Meter
  'billing_portal.configuration': PortalConfiguration
  'billing_portal.session': PortalSession
  charge: Charge
  'checkout.session': CheckoutSession
  coupon: Coupon
  customer: Customer
  customer_balance_transaction: BalanceTransaction
  discount: Discount
  dispute: Dispute
  event: StripeEvent
  invoice: Invoice
  invoice_payment: InvoicePayment
  invoiceitem: InvoiceItem
  payment_intent: PaymentIntent
  payment_method: PaymentMethod
  price: Price
  product: Product
  promotion_code: PromotionCode
  refund: Refund
  setup_intent: SetupIntent
  subscription: Subscription
  subscription_schedule: Schedule
  tax_id: TaxId
  'test_helpers.test_clock': TestClock
  webhook_endpoint: WebhookEndpoint
}

export type Kind = keyof Resources
