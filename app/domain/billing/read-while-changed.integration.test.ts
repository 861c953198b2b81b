import type Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { execute } from '../execute.ts'
import { operations } from '../operations.ts'
import { converge } from './converge.ts'
import { billed } from './testing/billed.ts'

const businessMonth = { plan: 'business', interval: 'month' } as const

describe('a change that waits for the bank, and the reading that meets it', () => {
  const { at, rowsOf, organisation, lookNow, subscribe } = billed('read while changed')
  const owner = () => at.tenant.people.owner.actor

  async function subscribed() {
    await subscribe()
    await lookNow()
    const { id } = await at.stripe.paymentMethods.attach('pm_card_authenticationRequired', {
      customer: at.customer,
    })
    await at.stripe.customers.update(at.customer, { invoice_settings: { default_payment_method: id } })
  }
  async function change() {
    const { token } = await execute(operations['billing.preview'], owner(), businessMonth)
    const { confirmAt } = await execute(operations['billing.change'], owner(), {
      ...businessMonth,
      preview: token,
    })
    expect(confirmAt).not.toBeNull()
  }
  async function confirm() {
    const { data } = await at.stripe.invoices.list({
      customer: at.customer,
      status: 'open',
      expand: ['data.payments'],
    })
    const [open] = data
    await at.control.authenticate(open?.payments?.data[0]?.payment.payment_intent as string, true)
  }
  /** Reads, and just before a list of Stripe's is asked for, something happens. */
  async function readAs(name: 'invoices' | 'subscriptions', happens: () => Promise<void>) {
    const { invoices, subscriptions } = at.stripe
    async function* listInvoices(asked: Stripe.InvoiceListParams) {
      await happens()
      yield* invoices.list(asked)
    }
    async function* listSubscriptions(asked: Stripe.SubscriptionListParams) {
      await happens()
      yield* subscriptions.list(asked)
    }
    const racingInvoices = new Proxy(invoices, {
      get: (its, method) => (method === 'list' ? listInvoices : Reflect.get(its, method)),
    })
    const racingSubscriptions = new Proxy(subscriptions, {
      get: (its, method) => (method === 'list' ? listSubscriptions : Reflect.get(its, method)),
    })
    const instead = name === 'invoices' ? racingInvoices : racingSubscriptions
    const racing = new Proxy(at.stripe, {
      get: (client, each: keyof Stripe) => (each === name ? instead : client[each]),
    })
    const now = new Date((await at.control.state()).now * 1000)
    expect(await converge(racing, at.tenant.id, null, now)).toBe('written')
  }
  const owedAndWritten = async () => ({
    readOnlyAt: (await organisation()).readOnlyAt,
    mails: await rowsOf('select kind from billing_mails where org_id = $1'),
  })
  const nothing = { readOnlyAt: null, mails: [] }

  it.each(['invoices', 'subscriptions'] as const)(
    'is not owed where it is confirmed just before the %s are read',
    async (name) => {
      await subscribed()
      await change()
      await lookNow()
      await readAs(name, confirm)
      expect(await owedAndWritten()).toEqual(nothing)
      await lookNow()
      expect(await owedAndWritten()).toEqual(nothing)
      expect(await organisation()).toMatchObject({ plan: 'business' })
    },
  )

  it.each(['invoices', 'subscriptions'] as const)(
    'is not owed where it begins just before the %s are read',
    async (name) => {
      await subscribed()
      await readAs(name, change)
      expect(await owedAndWritten()).toEqual(nothing)
    },
  )
})
