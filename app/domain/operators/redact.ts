/** Stands where something personal stood. */
export const hidden = '[hidden]'

/**
 * A payload of Stripe as operators see it. Texts are shown only where their field is known to hold none of a person:
 * ids, states, currencies, codes. Whatever Stripe adds is hidden until it is known here. Numbers, booleans and the shape
 * stay, but for fields that are about a card, an address or a person as a whole.
 */
export function redacted(payload: unknown): unknown {
  return shown(payload, '')
}

function shown(value: unknown, field: string): unknown {
  if (value === null || typeof value === 'boolean') return value
  if (personal.has(field)) return hidden
  if (Array.isArray(value)) return value.map((each) => shown(each, field))
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shown(inner, name)]))
  if (typeof value === 'number') return value
  return isPlain(value, field) ? value : hidden
}

/** An id, a word or a code: no sentence, no address of whatever kind, no number of a card. */
const word = /^[A-Za-z][\w.-]{0,254}$/
const isPlain = (value: unknown, field: string) =>
  typeof value === 'string' && plain.has(field) && (word.test(value) || versions.test(value))
/** As `2026-10-28.endive`, and the ids of ours. */
const versions = /^(\d{4}-\d\d-\d\d(\.[a-z]+)?|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

const plain = new Set([
  ...['id', 'object', 'type', 'status', 'currency', 'customer', 'subscription', 'invoice', 'charge'],
  ...['payment_intent', 'payment_method', 'setup_intent', 'price', 'product', 'plan', 'schedule', 'refund'],
  ...[
    'balance_transaction',
    'default_payment_method',
    'latest_invoice',
    'latest_charge',
    'subscription_item',
  ],
  ...[
    'checkout_session',
    'credit_note',
    'dispute',
    'discount',
    'coupon',
    'promotion_code',
    'tax_rate',
    'mandate',
  ],
  ...[
    'interval',
    'usage_type',
    'billing_scheme',
    'tax_behavior',
    'billing_reason',
    'collection_method',
    'reason',
  ],
  ...[
    'mode',
    'code',
    'decline_code',
    'failure_code',
    'payment_status',
    'outcome',
    'network_status',
    'risk_level',
  ],
  ...[
    'api_version',
    'request',
    'idempotency_key',
    'feedback',
    'behavior',
    'proration_behavior',
    'end_behavior',
  ],
  ...[
    'proration_date',
    'organisation',
    'event',
    'meter',
    'event_name',
    'lookup_key',
    'automatic_tax',
    'taxability_reason',
  ],
])

/** Whole objects, and numbers that tell of somebody. */
const personal = new Set([
  ...['address', 'card', 'billing_details', 'customer_details', 'shipping', 'shipping_details', 'owner'],
  ...['customer_address', 'customer_shipping', 'customer_email', 'customer_name', 'customer_phone'],
  ...['payment_method_details', 'payment_method_data', 'bank_account', 'sepa_debit', 'us_bank_account'],
  ...['account_name', 'name', 'email', 'phone', 'receipt_email', 'customer_tax_ids', 'ip_address', 'last4'],
  ...['exp_month', 'exp_year', 'fingerprint', 'custom_fields', 'collected_information'],
])
