import type Stripe from 'stripe'
import { expect, it } from 'vitest'
import { scheduleChange } from './schedule.ts'

it('says what a line of somebody else’s has of its own again, for both phases', async () => {
  const tax_rates = [{ id: 'txr_1' }]
  const seats = { id: 'si_seats', price: { id: 'price_seats' }, quantity: 5, discounts: [], tax_rates: [] }
  const another = {
    id: 'si_another',
    price: { id: 'price_another' },
    quantity: 1,
    discounts: ['di_1'],
    tax_rates,
  }
  const ofPhase = { discount: 'di_1', coupon: null, promotion_code: null }
  const running = {
    start_date: 1,
    end_date: 2,
    items: [
      { price: 'price_seats', quantity: 5, discounts: [], tax_rates: null },
      { price: 'price_another', quantity: 1, discounts: [ofPhase], tax_rates },
    ],
  }
  const asked: Stripe.SubscriptionScheduleUpdateParams[] = []
  const client = {
    subscriptionSchedules: {
      update: async (_: string, params: Stripe.SubscriptionScheduleUpdateParams) => asked.push(params),
    },
  }
  const wanted = {
    subscription: { discounts: [], automatic_tax: { enabled: false }, items: { data: [seats, another] } },
    schedule: { id: 'sub_sched_1', current_phase: { start_date: 1, end_date: 2 }, phases: [running] },
    periodEnd: 2,
    item: seats,
    metered: [],
    items: [{ price: 'price_fewer', quantity: 5 }],
  }
  await scheduleChange(client as unknown as Stripe, wanted as unknown as Parameters<typeof scheduleChange>[1])
  const again = {
    price: 'price_another',
    quantity: 1,
    discounts: [{ discount: 'di_1' }],
    tax_rates: ['txr_1'],
  }
  expect(asked[0]?.phases?.map(({ items }) => items)).toEqual([
    [{ price: 'price_seats', quantity: 5 }, again],
    [{ price: 'price_fewer', quantity: 5 }, again],
  ])
})
