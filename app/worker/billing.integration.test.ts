import { type RunningSandbox, startSandbox } from '@headroom/payments-sandbox/server.ts'
import { ensureCatalogue, priceOf } from '@worklane/domain/billing/catalogue.ts'
import { ensureCustomer } from '@worklane/domain/billing/customer.ts'
import { stripe as clientOf } from '@worklane/domain/billing/stripe.ts'
import { closeRuntime, runtime } from '@worklane/domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { backoffStrategy } from './backoff.ts'
import { endCustomers, sweep } from './billing.ts'

describe('the worker’s part of billing', () => {
  let sandbox: RunningSandbox
  let tenant: Tenant
  let customer: string
  const stripe = () => {
    const client = clientOf()
    if (!client) throw new Error('billing is off')
    return client
  }

  beforeAll(async () => {
    sandbox = await startSandbox({ seed: 'worker', frozen: true })
    Object.assign(process.env, { STRIPE_SECRET_KEY: sandbox.secretKey, STRIPE_API_URL: sandbox.origin })
    await ensureCatalogue(stripe())
  })
  afterAll(async () => {
    await sandbox.close()
    await closeRuntime()
  })
  beforeEach(async () => {
    tenant = await createTenant()
    customer = await ensureCustomer(stripe(), tenant.people.owner.actor)
  })

  const removeOrganisation = () =>
    asAdministrator((client) => client.query('delete from organisations where id = $1', [tenant.id]))

  it('ends the customer of an organisation that is gone, and what was begun for it meanwhile', async () => {
    await removeOrganisation()
    const price = await priceOf(stripe(), 'team', 'month')
    // By a page that was open as the organisation was removed.
    const begun = await stripe().subscriptions.create({
      ...{ customer, trial_period_days: 14, items: [{ price: price.id, quantity: 1 }] },
    })
    expect(await endCustomers(stripe(), runtime().intake)).toBeGreaterThan(0)
    expect((await stripe().subscriptions.retrieve(begun.id)).status).toBe('canceled')
    expect(await stripe().customers.retrieve(customer)).toMatchObject({ deleted: true })
    expect(await endCustomers(stripe(), runtime().intake)).toBe(0)
  })

  it('goes on where Stripe has deleted it before', async () => {
    await stripe().customers.del(customer)
    await removeOrganisation()
    await asAdministrator((client) => client.query("insert into ended_customers values ('cus_of_nobody')"))
    await endCustomers(stripe(), runtime().intake)
    const left = await asAdministrator((client) => client.query('select from ended_customers'))
    expect(left.rowCount).toBe(0)
  })

  it('looks at every customer when it sweeps, and keeps events for a quarter', async () => {
    await asAdministrator((client) =>
      client.query(
        `insert into stripe_events (id, type, created, received_at, payload)
         select 'evt_' || days || $1, 'x', now(), now() - make_interval(days => days), '{}'
         from unnest(array[1, 89, 91]) as days`,
        [tenant.id],
      ),
    )
    expect(await sweep(runtime().intake)).toBeGreaterThan(0)
    const { rows } = await asAdministrator((client) =>
      client.query("select id from stripe_events where id like '%' || $1 order by id", [tenant.id]),
    )
    expect(rows.map(({ id }) => id.replace(tenant.id, ''))).toEqual(['evt_1', 'evt_89'])
    const work = await asAdministrator((client) =>
      client.query("select from outbox where org_id = $1 and topic = 'billing.sync'", [tenant.id]),
    )
    expect(work.rowCount).toBe(1)
  })

  it('tries again soon, and then a minute apart at most, by chance', () => {
    const waits = (made: number) => Array.from({ length: 200 }, () => backoffStrategy(made))
    expect(Math.min(...waits(1))).toBeGreaterThanOrEqual(500)
    expect(Math.max(...waits(1))).toBeLessThanOrEqual(1_000)
    expect(Math.min(...waits(20))).toBeGreaterThanOrEqual(30_000)
    expect(Math.max(...waits(20))).toBeLessThanOrEqual(60_000)
    expect(new Set(waits(20)).size).toBeGreaterThan(100)
  })
})
