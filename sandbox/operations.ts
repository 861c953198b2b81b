import type { Price } from './core/objects/catalog.ts'
import type { Customer } from './core/objects/customers.ts'
import type { CheckoutSession } from './core/objects/hosted.ts'
import type { Invoice } from './core/objects/invoices.ts'
import type { Charge } from './core/objects/payments.ts'
import type { Sandbox } from './core/sandbox.ts'
import type { Included } from './http/expand.ts'
import type { Operation } from './http/operation.ts'
import { catalogOperations } from './resources/catalog.ts'
import { chargeOperations } from './resources/charges.ts'
import { checkoutOperations } from './resources/checkout.ts'
import { moveCheckout } from './resources/checkout-completion.ts'
import { lineItemsOf } from './resources/checkout-quote.ts'
import { couponOperations } from './resources/coupons.ts'
import { customerOperations } from './resources/customers.ts'
import { disputeOperations } from './resources/disputes.ts'
import { invoiceItemOperations } from './resources/invoice-items.ts'
import { invoiceOperations, paymentsOf } from './resources/invoice-operations.ts'
import { moveInvoices } from './resources/invoices.ts'
import { meterOperations } from './resources/meters.ts'
import { paymentIntentOperations } from './resources/payment-intents.ts'
import { paymentMethodOperations } from './resources/payment-methods.ts'
import { moveUpdates } from './resources/pending-updates.ts'
import { portalOperations } from './resources/portal.ts'
import { refundOperations, refundsOf } from './resources/refunds.ts'
import { moveSchedules, scheduleOperations } from './resources/schedules.ts'
import { setupIntentOperations } from './resources/setup-intents.ts'
import { moveSubscriptions } from './resources/subscription-life.ts'
import { subscriptionOperations, subscriptionsOf } from './resources/subscription-operations.ts'
import { taxIdOperations, taxIdsOf } from './resources/tax-ids.ts'
import { testClockOperations } from './resources/test-clocks.ts'
import { webhookOperations } from './resources/webhook-endpoints.ts'

/** Everything of Stripe's API that the sandbox does. */
export const operations: readonly Operation[] = [
  ...customerOperations,
  ...taxIdOperations,
  ...paymentMethodOperations,
  ...catalogOperations,
  ...couponOperations,
  ...setupIntentOperations,
  ...paymentIntentOperations,
  ...chargeOperations,
  ...refundOperations,
  ...disputeOperations,
  ...subscriptionOperations,
  ...scheduleOperations,
  ...invoiceItemOperations,
  ...invoiceOperations,
  ...meterOperations,
  ...checkoutOperations,
  ...portalOperations,
  ...testClockOperations,
  ...webhookOperations,
]

/** Invoices first: a subscription is active before its checkout is complete. */
export function moveEverything(sandbox: Sandbox): void {
  moveInvoices(sandbox)
  moveSubscriptions(sandbox)
  moveSchedules(sandbox)
  moveUpdates(sandbox)
  moveCheckout(sandbox)
}

/** What Stripe puts into an object only when it is asked to. */
export const included: Included = {
  'charge.refunds': (sandbox, { id }: Charge) => refundsOf(sandbox, id),
  'checkout.session.line_items': (sandbox, { id }: CheckoutSession) => lineItemsOf(sandbox, id),
  'customer.subscriptions': (sandbox, { id }: Customer) =>
    subscriptionsOf(sandbox, `/v1/customers/${id}/subscriptions`, { customer: id }),
  'customer.tax_ids': (sandbox, { id }: Customer) => taxIdsOf(sandbox, id),
  'invoice.confirmation_secret': (sandbox, { id }: Invoice) => {
    const intent = sandbox.find('payment_intent', sandbox.invoiceIntents.get(id))
    return intent ? { client_secret: intent.client_secret, type: 'payment_intent' } : null
  },
  'invoice.payments': (sandbox, { id }: Invoice) => paymentsOf(sandbox, id),
  'price.tiers': (sandbox, { id }: Price) => sandbox.priceTiers.get(id) ?? null,
}
