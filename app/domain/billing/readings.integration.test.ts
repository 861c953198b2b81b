import { setTimeout } from 'node:timers/promises'
import Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { asAdministrator } from '../testing/tenants.ts'
import { converge } from './converge.ts'
import { billed } from './testing/billed.ts'

describe('of several readings of a customer', () => {
  const { at, organisation, look, subscribe } = billed('readings')

  /** Stripe is slow for the next who asks for invoices. */
  const slowInvoices = (milliseconds: number) =>
    at.control.break([{ kind: 'slow', requests: 1, route: 'GET /v1/invoices', milliseconds }])
  const letGo = () =>
    asAdministrator((client) =>
      client.query('update billing_customers set held_until = null where org_id = $1', [at.tenant.id]),
    )

  it('one goes on at a time', async () => {
    await subscribe()
    await slowInvoices(500)
    const outcomes = await Promise.all(Array.from({ length: 20 }, look))
    expect(outcomes.sort()).toEqual([...Array(19).fill('busy'), 'written'])
  })

  it('an older one never takes the place of a later one', async () => {
    await subscribe()
    await slowInvoices(1_500)
    const older = look()
    await setTimeout(300)
    // As if it had taken longer than a customer is held for.
    await letGo()
    const subscriptions = await at.stripe.subscriptions.list({ customer: at.customer })
    await at.stripe.subscriptions.cancel(subscriptions.data[0]?.id as string)
    expect(await look()).toBe('written')
    expect(await older).toBe('overtaken')
    expect(await organisation()).toMatchObject({ plan: 'free' })
  })

  it('one keeps the customer for as long as it takes, however slow Stripe is', async () => {
    await subscribe()
    await slowInvoices(17_000)
    const { host, port, secretKey } = at.sandbox
    const patient = new Stripe(secretKey, { host, port, protocol: 'http', timeout: 30_000 })
    const slow = converge(patient, at.tenant.id)
    // Longer than somebody who has died would keep it.
    await setTimeout(16_000)
    expect(await look()).toBe('busy')
    expect(await slow).toBe('written')
  })

  it('none is needed for what was told before the last one began', async () => {
    await subscribe()
    const told = new Date()
    await setTimeout(10)
    expect(await converge(at.stripe, at.tenant.id, told)).toBe('written')
    expect(await converge(at.stripe, at.tenant.id, told)).toBe('known')
    await setTimeout(10)
    expect(await converge(at.stripe, at.tenant.id, new Date())).toBe('written')
  })
})
