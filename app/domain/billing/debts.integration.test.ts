import { afterEach, describe, expect, it } from 'vitest'
import { execute } from '../execute.ts'
import { letterOf } from '../mail/mail.ts'
import { operations } from '../operations.ts'
import { inWords } from '../refusals.ts'
import { graceDays } from './grace.ts'
import { itemsOf } from './metered-items.ts'
import { billed } from './testing/billed.ts'

const team = { plan: 'team', interval: 'month' } as const
const payFirst = { kind: 'conflict', message: expect.stringContaining('pay it first, in the settings') }

describe('what an organisation owes of a subscription that has ended', () => {
  const { at, rowsOf, organisation, lookNow, subscribe } = billed('debts')
  afterEach(() => at.control.set({ afterRetries: 'unpaid' }))

  const owner = () => at.tenant.people.owner.actor
  const useCard = async (card: string) => {
    const { id } = await at.stripe.paymentMethods.attach(card, { customer: at.customer })
    await at.stripe.customers.update(at.customer, { invoice_settings: { default_payment_method: id } })
    return id
  }
  const later = async (time: Parameters<typeof at.control.moveClock>[0]) => {
    await at.control.moveClock(time)
    expect(await lookNow()).toBe('written')
  }
  const now = async () => new Date((await at.control.state()).now * 1_000)
  const status = async () =>
    (await at.stripe.subscriptions.list({ customer: at.customer, status: 'all' })).data[0]?.status
  const open = async () => {
    const { data } = await at.stripe.invoices.list({ customer: at.customer, status: 'open' })
    return data[0]?.id as string
  }
  const mails = async () =>
    (await rowsOf('select distinct kind from billing_mails where org_id = $1 order by 1')).map(
      ({ kind }) => kind,
    )
  const latestLetter = async () => {
    const [row] = await rowsOf(
      "select payload from outbox where org_id = $1 and topic = 'mail' order by id desc limit 1",
    )
    return letterOf(row.payload).letter.paragraphs.join(' ')
  }
  const checkout = () => execute(operations['billing.checkout'], owner(), team)
  const remove = () => inWords(rowsOf('delete from organisations where id = $1 returning id'))

  /** Stripe gives a renewal up, and cancels. */
  async function endUnpaid() {
    await at.control.set({ afterRetries: 'canceled' })
    await subscribe()
    await lookNow()
    await useCard('pm_card_chargeCustomerFail')
    await later({ months: 1, seconds: 2 * 3_600 })
    await later({ days: 11 })
    await later({ days: 13 })
    expect(await status()).toBe('canceled')
  }

  it('keeps it read only, until that is paid', async () => {
    await endUnpaid()
    const { plan, readOnlyAt } = await organisation()
    expect(plan).toBe('free')
    expect(readOnlyAt.getTime()).toBeLessThan((await now()).getTime())
    expect(await mails()).toEqual(['payment failed', 'read only', 'read only soon'])
    await expect(checkout()).rejects.toMatchObject(payFirst)
    await expect(remove()).rejects.toMatchObject(payFirst)

    const { items } = await execute(operations['invoice.list'], owner(), {})
    expect(items[0]).toMatchObject({ status: 'open', hostedUrl: expect.stringMatching(/^http/) })
    await at.stripe.invoices.pay(await open(), { payment_method: await useCard('pm_card_visa') })
    await lookNow()
    expect(await organisation()).toEqual({ plan: 'free', readOnlyAt: null })
    expect(await mails()).toContain('paid')
    expect(await latestLetter()).toContain('is on the plan Free, since its subscription has ended')
    await expect(checkout()).resolves.toMatchObject({ url: expect.any(String) })
    await expect(remove()).resolves.toHaveLength(1)
  })

  it.each([
    ['is lifted once Stripe or an operator voids it', 'void', false],
    ['stays while it is only given up', 'uncollectible', true],
  ] as const)('%s', async (_, as, stays) => {
    await endUnpaid()
    const invoice = await open()
    if (as === 'void') await at.stripe.invoices.voidInvoice(invoice)
    else await at.stripe.invoices.markUncollectible(invoice)
    await lookNow()
    expect((await organisation()).readOnlyAt !== null).toBe(stays)
    if (stays) await expect(checkout()).rejects.toMatchObject(payFirst)
    else await expect(checkout()).resolves.toMatchObject({ url: expect.any(String) })
  })

  it('begins with the last bill, of what was used until the end', async () => {
    await useCard('pm_card_visa')
    const items = await itemsOf(at.stripe, { ...team, seats: 5 })
    await at.stripe.subscriptions.create({ customer: at.customer, items })
    await lookNow()
    await execute(operations['billing.cancel'], owner(), {})
    await at.control.moveClock({ days: 1 })
    await at.stripe.billing.meterEvents.create({
      event_name: 'worklane_requests',
      payload: { stripe_customer_id: at.customer, value: '10250000' },
      timestamp: (await at.control.state()).now,
    })
    await useCard('pm_card_chargeCustomerFail')
    await later({ months: 1, seconds: 2 * 3_600 })
    expect(await status()).toBe('canceled')
    expect(await mails()).toEqual(['payment failed'])
    const [{ since }] = await rowsOf('select max(overdue_since) as since from invoices where org_id = $1')
    const readOnlyAt = new Date(since.getTime() + graceDays * 86_400_000)
    expect(await organisation()).toEqual({ plan: 'free', readOnlyAt })
    await expect(remove()).rejects.toMatchObject(payFirst)
    await later({ days: 11 })
    expect(await mails()).toContain('read only soon')
    await later({ days: 4 })
    expect(await mails()).toContain('read only')
    expect(await organisation()).toEqual({ plan: 'free', readOnlyAt })
  })

  it('is nothing where the subscription never began', async () => {
    await subscribe('pm_card_chargeCustomerFail', { payment_behavior: 'default_incomplete' })
    await later({ days: 20 })
    expect(await status()).toBe('incomplete_expired')
    expect(await organisation()).toEqual({ plan: 'free', readOnlyAt: null })
    await expect(checkout()).resolves.toMatchObject({ url: expect.any(String) })
    await expect(remove()).resolves.toHaveLength(1)
  })
})
