import type Stripe from 'stripe'

/** Customers and what is kept for them. */
export async function playCustomers(stripe: Stripe): Promise<void> {
  const { id } = await stripe.customers.create({
    address: { city: 'Berlin', country: 'DE', line1: 'Unter den Linden 1', postal_code: '10117' },
    email: 'ada@example.com',
    metadata: { organisation: '1' },
    name: 'Ada',
    tax_id_data: [{ type: 'eu_vat', value: 'DE123456789' }],
  })
  await stripe.customers.update(id, { metadata: { organisation: '' }, phone: '+49 30 1234567' })
  await playMethods(stripe, id)
  await playTaxIds(stripe, id)
  const credit = await stripe.customers.createBalanceTransaction(id, { amount: -500, currency: 'usd' })
  await stripe.customers.retrieveBalanceTransaction(id, credit.id)
  await stripe.customers.listBalanceTransactions(id)
  await stripe.customers.retrieve(id, {
    expand: ['invoice_settings.default_payment_method', 'subscriptions', 'tax_ids'],
  })
  await stripe.customers.list({ email: 'ada@example.com', created: { gte: 1 } })
  await stripe.customers.del(id)
  await stripe.customers.retrieve(id)
}

async function playMethods(stripe: Stripe, customer: string): Promise<void> {
  const method = await stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } })
  await stripe.paymentMethods.attach(method.id, { customer })
  await stripe.paymentMethods.update(method.id, { metadata: { of: 'Ada' }, card: { exp_year: 2040 } })
  await stripe.paymentMethods.retrieve(method.id)
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method.id } })
  await stripe.customers.listPaymentMethods(customer, { type: 'card' })
  await stripe.customers.retrievePaymentMethod(customer, method.id)
  await stripe.paymentMethods.list({ customer, type: 'card' })
  await stripe.paymentMethods.detach(method.id)
}

async function playTaxIds(stripe: Stripe, customer: string): Promise<void> {
  const taxId = await stripe.customers.createTaxId(customer, { type: 'gb_vat', value: 'GB123456789' })
  await stripe.customers.retrieveTaxId(customer, taxId.id)
  await stripe.customers.listTaxIds(customer, { limit: 1 })
  await stripe.customers.deleteTaxId(customer, taxId.id)
}
