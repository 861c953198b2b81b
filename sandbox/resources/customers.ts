import type { Address, Metadata } from '../core/objects/base.ts'
import type { BalanceTransaction, Customer } from '../core/objects/customers.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { invalid, missing } from '../http/errors.ts'
import { operation } from '../http/operation.ts'
import { isWithin, listOf, type PageParams, type Range } from '../http/pages.ts'
import { merged } from './metadata.ts'
import { attachMethod } from './payment-methods.ts'
import { addTaxId } from './tax-ids.ts'

type CustomerParams = {
  address?: Partial<Address> | ''
  balance?: number
  description?: string
  email?: string
  invoice_prefix?: string
  invoice_settings?: { default_payment_method?: string; footer?: string }
  metadata?: Metadata | ''
  name?: string
  next_invoice_sequence?: number
  payment_method?: string
  phone?: string
  preferred_locales?: string[]
  tax?: object
  tax_exempt?: Customer['tax_exempt'] | ''
  tax_id_data?: { type: string; value: string }[]
  test_clock?: string
}

const both = [
  'address',
  'balance',
  'description',
  'email',
  'invoice_prefix',
  'invoice_settings',
  'metadata',
  'name',
  'next_invoice_sequence',
  'phone',
  'preferred_locales',
  'tax',
  'tax_exempt',
] as const

export const customerOperations = [
  operation<CustomerParams>(
    'POST /v1/customers',
    [...both, 'payment_method', 'tax_id_data', 'test_clock'],
    create,
  ),
  operation<CustomerParams>('POST /v1/customers/{customer}', both, update),
  operation('GET /v1/customers/{customer}', [], (sandbox, _params, id) => retrieve(sandbox, id ?? '')),
  operation('DELETE /v1/customers/{customer}', [], (sandbox, _params, id) => remove(sandbox, id ?? '')),
  operation<{ amount: number; currency: string; description?: string; metadata?: Metadata | '' }>(
    'POST /v1/customers/{customer}/balance_transactions',
    ['amount', 'currency', 'description', 'metadata'],
    adjustBalance,
  ),
  operation(
    'GET /v1/customers/{customer}/balance_transactions/{transaction}',
    [],
    (sandbox, _params, customer = '', id = '') => {
      const transaction = sandbox.get('customer_balance_transaction', id)
      if (transaction.customer !== customer) throw missing('customer balance transaction', id)
      return transaction
    },
  ),
  operation<PageParams>(
    'GET /v1/customers/{customer}/balance_transactions',
    [],
    (sandbox, params, customer = '') => {
      sandbox.get('customer', customer)
      const url = `/v1/customers/${customer}/balance_transactions`
      return listOf(sandbox, 'customer_balance_transaction', url, params, (row) => row.customer === customer)
    },
  ),
  operation<PageParams & { created?: Range; email?: string; test_clock?: string }>(
    'GET /v1/customers',
    ['created', 'email', 'test_clock'],
    (sandbox, params) =>
      listOf(
        sandbox,
        'customer',
        '/v1/customers',
        params,
        (customer) =>
          isWithin(customer.created, params.created) &&
          (params.email === undefined || customer.email === params.email) &&
          // Those of a test clock are listed only with it.
          customer.test_clock === (params.test_clock ?? null),
      ),
  ),
]

/** One of whom nothing is known yet. */
export const newCustomer = (sandbox: Sandbox): Partial<Customer> => ({
  balance: 0,
  delinquent: false,
  invoice_prefix: sandbox.ids.text(8, 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789'),
  invoice_settings: {
    custom_fields: null,
    default_payment_method: null,
    footer: null,
    rendering_options: null,
  },
  metadata: {},
  next_invoice_sequence: 1,
  preferred_locales: [],
  tax_exempt: 'none',
})

function create(sandbox: Sandbox, params: CustomerParams): Customer {
  const { test_clock: testClock, payment_method: paymentMethod, tax_id_data: taxIds = [] } = params
  const clock = testClock === undefined ? sandbox.clock : sandbox.testClock(testClock)
  const customer = sandbox.create(
    'customer',
    {
      ...newCustomer(sandbox),
      test_clock: testClock ?? null,
      ...fieldsOf({ ...params, invoice_settings: {} }),
    },
    clock,
  )
  const attached = paymentMethod === undefined ? undefined : attachMethod(sandbox, paymentMethod, customer.id)
  for (const taxId of taxIds) addTaxId(sandbox, customer.id, taxId)
  const { invoice_settings: settings } = params
  if (!settings) return sandbox.get('customer', customer.id)
  // A test token stands for another payment method each time; here it is the one that was just attached.
  const isAttached = attached && settings.default_payment_method === paymentMethod
  const given = isAttached ? { ...settings, default_payment_method: attached.id } : settings
  const chosen = settingsOf(sandbox, customer, { invoice_settings: given })
  return sandbox.change('customer', customer.id, chosen, false)
}

function update(sandbox: Sandbox, params: CustomerParams, id = ''): Customer {
  assertNotDeleted(sandbox, id)
  const customer = sandbox.get('customer', id)
  return sandbox.change('customer', id, {
    ...fieldsOf(params, customer),
    ...settingsOf(sandbox, customer, params),
  })
}

function retrieve(sandbox: Sandbox, id: string): object {
  if (sandbox.deletedCustomers.has(id)) return { id, object: 'customer', deleted: true }
  return sandbox.get('customer', id)
}

/** Its subscriptions end with it: resources/subscriptions.ts listens. */
function remove(sandbox: Sandbox, id: string): object {
  assertNotDeleted(sandbox, id)
  const answer = sandbox.remove('customer', id)
  sandbox.deletedCustomers.add(id)
  sandbox.undo(() => sandbox.deletedCustomers.delete(id))
  return answer
}

function assertNotDeleted(sandbox: Sandbox, id: string): void {
  if (sandbox.deletedCustomers.has(id)) throw missing('customer', id)
}

function fieldsOf(params: CustomerParams, before?: Customer): Partial<Customer> {
  const { address, metadata, tax_exempt: exempt, email } = params
  if (email && !email.includes('@'))
    throw invalid(`Invalid email address: ${email}`, 'email', 'email_invalid')
  const plain = ['balance', 'invoice_prefix', 'next_invoice_sequence', 'preferred_locales'] as const
  const emptied = ['description', 'email', 'name', 'phone'] as const
  return {
    ...Object.fromEntries(plain.filter((key) => params[key] !== undefined).map((key) => [key, params[key]])),
    ...Object.fromEntries(
      emptied.filter((key) => params[key] !== undefined).map((key) => [key, params[key] || null]),
    ),
    ...(address === undefined ? {} : { address: addressOf(address) }),
    ...(metadata === undefined ? {} : { metadata: merged(before?.metadata, metadata) }),
    ...(exempt === undefined ? {} : { tax_exempt: exempt || 'none' }),
  }
}

function settingsOf(
  sandbox: Sandbox,
  customer: Customer,
  { invoice_settings: given }: CustomerParams,
): Partial<Customer> {
  if (!given) return {}
  const settings = { ...customer.invoice_settings }
  const { default_payment_method: method, footer } = given
  if (footer !== undefined) settings.footer = footer || null
  if (method !== undefined) {
    const param = 'invoice_settings[default_payment_method]'
    const found = method === '' ? null : sandbox.get('payment_method', method, param)
    if (found && found.customer !== customer.id)
      throw invalid(
        `The customer does not have a payment method with the ID ${method}. The payment method must be attached to the customer.`,
        param,
        'resource_missing',
      )
    settings.default_payment_method = found?.id ?? null
  }
  return { invoice_settings: settings }
}

const addressOf = (given: Partial<Address> | ''): Address | null =>
  given === ''
    ? null
    : {
        city: given.city || null,
        country: given.country || null,
        line1: given.line1 || null,
        line2: given.line2 || null,
        postal_code: given.postal_code || null,
        state: given.state || null,
      }

/** A credit (below zero) or a debt that the next invoice takes up. */
function adjustBalance(
  sandbox: Sandbox,
  params: { amount: number; currency: string; description?: string; metadata?: Metadata | '' },
  id = '',
): BalanceTransaction {
  const customer = sandbox.get('customer', id)
  const balance = customer.balance + params.amount
  sandbox.change('customer', id, { balance, currency: customer.currency ?? params.currency })
  return sandbox.create(
    'customer_balance_transaction',
    {
      amount: params.amount,
      currency: params.currency,
      customer: id,
      description: params.description ?? null,
      ending_balance: balance,
      invoice: null,
      metadata: merged({}, params.metadata),
      type: 'adjustment',
    },
    sandbox.clockOf(customer),
  )
}
