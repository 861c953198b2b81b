import type { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import type { RunningSandbox } from '@headroom/payments-sandbox/server.ts'
import type Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { closeRuntime } from '../../runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '../../testing/tenants.ts'
import { priceOf } from '../catalogue.ts'
import { converge } from '../converge.ts'
import { ensureCustomer } from '../customer.ts'
import { startStripe } from './stripe.ts'

const start = Date.parse('2026-03-01T10:00:00Z') / 1000

/** What a test of billing stands on; the tenant and its customer are new for each test. */
type Billed = {
  sandbox: RunningSandbox
  control: SandboxControl
  stripe: Stripe
  tenant: Tenant
  customer: string
}

/** Hooks that start a payments sandbox for this file, and give each test a tenant on the plan Free with a customer there. */
export function billed(seed: string) {
  // What Stripe says is written by workers alone.
  process.env.APP_DATABASE_URL = process.env.WORKER_DATABASE_URL
  const at = {} as Billed

  beforeAll(async () => {
    Object.assign(at, await startStripe({ seed, start, frozen: true }))
  })
  afterAll(async () => {
    await at.sandbox.close()
    await closeRuntime()
  })
  beforeEach(async () => {
    at.tenant = await createTenant()
    await asAdministrator((client) =>
      client.query("update organisations set plan = 'free' where id = $1", [at.tenant.id]),
    )
    at.customer = await ensureCustomer(at.stripe, at.tenant.people.owner.actor)
  })

  /** As the administrator; of this tenant unless other values are given. */
  const rowsOf = (text: string, values: unknown[] = [at.tenant.id]) =>
    asAdministrator(async (client) => (await client.query(text, values)).rows)
  const organisation = async () =>
    (await rowsOf('select plan, read_only_at as "readOnlyAt" from organisations where id = $1'))[0]
  const look = () => converge(at.stripe, at.tenant.id)
  const clock = async () => new Date((await at.control.state()).now * 1000)
  /** By the sandbox's clock. */
  const lookNow = async () => converge(at.stripe, at.tenant.id, null, await clock())

  /** A way of payment, and a subscription by it: a seat for each of the five people of a tenant. */
  async function subscribe(
    card = 'pm_card_visa',
    more: Partial<Stripe.SubscriptionCreateParams> = {},
    quantity = 5,
  ) {
    const { customer, stripe } = at
    const { id } = await stripe.paymentMethods.attach(card, { customer })
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
    const price = await priceOf(stripe, 'team', 'month')
    return stripe.subscriptions.create({ customer, items: [{ price: price.id, quantity }], ...more })
  }

  return { at, rowsOf, organisation, look, lookNow, subscribe }
}
