import type Stripe from 'stripe'

/** What Stripe refuses, so that the shapes of errors are looked at as well. */
export async function playRefusals(stripe: Stripe): Promise<void> {
  const refusals: (() => Promise<unknown>)[] = [
    () => stripe.customers.retrieve('cus_nobody'),
    () => stripe.customers.create({ unknown: 'field' } as Stripe.CustomerCreateParams),
    () => stripe.customers.create({ email: 'no address' }),
    () => stripe.customers.list({ limit: 1_000 }),
    () => stripe.customers.list({ expand: ['data.nonsense'] }),
    () => stripe.prices.create({ currency: 'usd', product: 'prod_none', unit_amount: 1 }),
    () =>
      stripe.paymentIntents.create({
        amount: 1_000,
        confirm: true,
        currency: 'usd',
        payment_method: 'pm_card_chargeDeclinedInsufficientFunds',
      }),
  ]
  for (const refusal of refusals) {
    const error = await refusal().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (error === undefined) throw new Error(`the payments sandbox took what Stripe refuses: ${refusal}`)
  }
}
