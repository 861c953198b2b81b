import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the SDK's types tell of each kind of object, tried on stripe 23.1.0. */
const declared: Record<string, [file: string, name: string]> = {
  'billing.meter': ['Billing/Meters', 'Meter'],
  'billing_portal.configuration': ['BillingPortal/Configurations', 'Configuration'],
  'billing_portal.session': ['BillingPortal/Sessions', 'Session'],
  charge: ['Charges', 'Charge'],
  'checkout.session': ['Checkout/Sessions', 'Session'],
  coupon: ['Coupons', 'Coupon'],
  customer: ['Customers', 'Customer'],
  dispute: ['Disputes', 'Dispute'],
  event: ['Events', 'EventBase'],
  invoice: ['Invoices', 'Invoice'],
  invoice_payment: ['InvoicePayments', 'InvoicePayment'],
  invoiceitem: ['InvoiceItems', 'InvoiceItem'],
  line_item: ['InvoiceLineItems', 'InvoiceLineItem'],
  payment_intent: ['PaymentIntents', 'PaymentIntent'],
  payment_method: ['PaymentMethods', 'PaymentMethod'],
  price: ['Prices', 'Price'],
  product: ['Products', 'Product'],
  promotion_code: ['PromotionCodes', 'PromotionCode'],
  refund: ['Refunds', 'Refund'],
  setup_intent: ['SetupIntents', 'SetupIntent'],
  subscription: ['Subscriptions', 'Subscription'],
  subscription_item: ['SubscriptionItems', 'SubscriptionItem'],
  subscription_schedule: ['SubscriptionSchedules', 'SubscriptionSchedule'],
  tax_id: ['TaxIds', 'TaxId'],
  webhook_endpoint: ['WebhookEndpoints', 'WebhookEndpoint'],
}

/** Prices were plans before; the SDK still has both. */
const old = new Set(['plan'])

const resources = join(dirname(fileURLToPath(import.meta.resolve('stripe'))), 'resources')

/** The fields that the SDK's types promise of a kind of object; undefined for kinds that it has no own type for. */
function promisedFields(kind: string): string[] | undefined {
  const place = declared[kind]
  if (!place) return undefined
  const [file, name] = place
  const text = readFileSync(join(resources, `${file}.d.ts`), 'utf8')
  const start = text.indexOf(`export interface ${name} {`)
  const body = text.slice(start, text.indexOf('\n}', start))
  const fields = [...body.matchAll(/^ {4}(\w+): /gm)].map(([, field]) => field ?? '')
  if (start < 0 || fields.length === 0)
    throw new Error(`the SDK's ${file}.d.ts tells nothing of ${name} any more`)
  return fields.filter((field) => !old.has(field))
}

/** What objects of each kind, anywhere in an answer, lack of what the SDK's types promise. */
export function missingOfPromised(answer: unknown): string[] {
  if (Array.isArray(answer)) return answer.flatMap(missingOfPromised)
  if (typeof answer !== 'object' || answer === null) return []
  const { object, deleted } = answer as { object?: unknown; deleted?: unknown }
  const promised =
    typeof object === 'string' && !deleted ? (kept.get(object) ?? promisedFields(object) ?? []) : []
  if (typeof object === 'string') kept.set(object, promised)
  const own = promised.filter((field) => !Object.hasOwn(answer, field)).map((field) => `${object}.${field}`)
  return [...own, ...Object.values(answer).flatMap(missingOfPromised)]
}

const kept = new Map<string, string[]>()
