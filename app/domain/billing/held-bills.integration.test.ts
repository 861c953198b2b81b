import type Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { readCustomer } from './reading.ts'
import { billed } from './testing/billed.ts'

describe('renewals of a subscription that was unpaid', () => {
  const { at, rowsOf, organisation, lookNow, subscribe } = billed('held bills')

  const useCard = async (card: string) => {
    const { id } = await at.stripe.paymentMethods.attach(card, { customer: at.customer })
    await at.stripe.customers.update(at.customer, { invoice_settings: { default_payment_method: id } })
    return id
  }
  const later = async (time: Parameters<typeof at.control.moveClock>[0]) => {
    await at.control.moveClock(time)
    await lookNow()
  }
  const status = async () =>
    (await at.stripe.subscriptions.list({ customer: at.customer, status: 'all' })).data[0]?.status
  const statesOf = async (states: readonly string[]) => {
    const { data } = await at.stripe.invoices.list({ customer: at.customer })
    return data.filter(({ status }) => states.includes(status as string))
  }
  /** Two renewals after the one that Stripe gave up. */
  async function goUnpaid() {
    await subscribe()
    await lookNow()
    await useCard('pm_card_chargeCustomerFail')
    await later({ months: 1, seconds: 2 * 3_600 })
    await later({ days: 25 })
    expect(await status()).toBe('unpaid')
    await later({ months: 1 })
    await later({ months: 1 })
    expect(await statesOf(['draft'])).toHaveLength(2)
  }
  const payOpen = async (card: string) => {
    const [open] = await statesOf(['open'])
    await at.stripe.invoices.pay(open?.id as string, { payment_method: card })
  }

  it('are billed once what came before is paid, and once each', async () => {
    await goUnpaid()
    const held = (await statesOf(['draft'])).map(({ id }) => id).sort()
    await payOpen(await useCard('pm_card_visa'))
    expect(await status()).toBe('active')
    for (let n = 0; n < 2; n++) expect(await lookNow()).toBe('written')
    expect(await statesOf(['draft', 'open'])).toEqual([])
    const rows = await rowsOf(
      'select id, status from invoices where org_id = $1 and id = any($2) order by id',
      [at.tenant.id, held],
    )
    expect(rows).toEqual(held.map((id) => ({ id, status: 'paid' })))
    expect(await organisation()).toEqual({ plan: 'team', readOnlyAt: null })
  })

  it('are owed from then on where the card fails', async () => {
    await goUnpaid()
    const { id: good } = await at.stripe.paymentMethods.attach('pm_card_visa', { customer: at.customer })
    await payOpen(good)
    await lookNow()
    expect(await statesOf(['draft'])).toEqual([])
    expect(await statesOf(['open'])).toHaveLength(2)
    const now = (await at.control.state()).now * 1_000
    const { readOnlyAt } = await organisation()
    expect(readOnlyAt.getTime()).toBe(now + 14 * 86_400_000)
  })

  it('stay as they are while nobody has paid, or an operator has paused collection', async () => {
    await goUnpaid()
    await lookNow()
    expect(await statesOf(['draft'])).toHaveLength(2)
    await payOpen(await useCard('pm_card_visa'))
    const held = async (stripe: Stripe) => (await readCustomer(stripe, at.customer)).heldDrafts
    expect(await held(at.stripe)).toHaveLength(2)
    // The sandbox pauses none: as Stripe lists one that an operator has paused.
    async function* paused(asked: Stripe.SubscriptionListParams) {
      for await (const each of at.stripe.subscriptions.list(asked))
        yield { ...each, pause_collection: { behavior: 'keep_as_draft', resumes_at: null } }
    }
    const pausing = new Proxy(at.stripe, {
      get: (client, name: keyof Stripe) => (name === 'subscriptions' ? { list: paused } : client[name]),
    })
    expect(await held(pausing)).toEqual([])
  })

  it('keep no payment from being read where Stripe does not bill them', async () => {
    await goUnpaid()
    await payOpen(await useCard('pm_card_visa'))
    await at.control.break([{ kind: 'error', route: 'POST /v1/invoices' }])
    await expect(lookNow()).rejects.toThrow()
    await at.control.break([])
    expect(await organisation()).toEqual({ plan: 'team', readOnlyAt: null })
    expect(await lookNow()).toBe('written')
    expect(await statesOf(['draft', 'open'])).toEqual([])
  })
})
