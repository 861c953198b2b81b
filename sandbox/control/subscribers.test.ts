import { beforeAll, describe, expect, it } from 'vitest'
import { startedSandbox } from '../testing/started.ts'

describe('many subscribers at once', () => {
  const started = startedSandbox()
  const ada = { name: 'Ada', email: 'ada@example.com', price: 'team_month', quantity: 3 }
  const bob = { name: 'Bob', email: 'bob@example.com', price: 'team_month', quantity: 5, country: 'DE' }

  beforeAll(async () => {
    await started.stripe.prices.create({
      ...{ currency: 'eur', unit_amount: 800, lookup_key: 'team_month', tax_behavior: 'exclusive' },
      ...{ product_data: { name: 'Team' }, recurring: { interval: 'month' } },
    })
  })

  it('have paid for their seats, each at their own time, and are renewed like any other', async () => {
    const { control, stripe } = started
    const customers = await control.subscribe({
      everySeconds: 60,
      subscribers: [{ ...ada, metadata: { organisation: 'a' } }, bob],
    })
    expect(customers).toHaveLength(2)
    const [first, second] = await Promise.all(
      customers.map(async (customer) => (await stripe.subscriptions.list({ customer })).data[0]),
    )
    expect([first?.status, first?.items.data[0]?.quantity]).toEqual(['active', 3])
    expect((second?.created ?? 0) - (first?.created ?? 0)).toBe(60)
    await control.moveClock({ days: 32 })
    const bills = (await stripe.invoices.list({ customer: customers[1] as string })).data
    expect(bills.map(({ status, total }) => [status, total])).toEqual([
      ['paid', 4_760],
      ['paid', 4_760],
    ])
    const customer = await stripe.customers.retrieve(customers[0] as string)
    expect(customer).toMatchObject({ name: 'Ada', metadata: { organisation: 'a' } })
  })

  it('owe their next bill, where the card that comes next does not pay', async () => {
    const { control, stripe } = started
    const subscriber = { ...ada, nextCard: 'pm_card_chargeCustomerFail' }
    const [customer = ''] = await control.subscribe({ subscribers: [subscriber] })
    await control.moveClock({ days: 32 })
    const bills = (await stripe.invoices.list({ customer })).data
    expect(bills.map(({ status }) => status)).toEqual(['open', 'paid'])
  })

  it('are refused where their price is not known, and the control says so', async () => {
    const subscribers = [{ ...ada, price: 'team_week' }]
    await expect(started.control.subscribe({ subscribers })).rejects.toThrow(/look-up key team_week/)
  })
})
