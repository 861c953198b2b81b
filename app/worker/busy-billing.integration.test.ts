import { setTimeout } from 'node:timers/promises'
import { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import { type RunningSandbox, startSandbox } from '@headroom/payments-sandbox/server.ts'
import { ensureCatalogue, priceOf } from '@worklane/domain/billing/catalogue.ts'
import { converge } from '@worklane/domain/billing/converge.ts'
import { ensureCustomer } from '@worklane/domain/billing/customer.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { administratorPool, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { steady } from '../../harness/test/steady.ts'
import { quiet } from './testing/billing-rows.ts'
import { type Deployment, startDeployment } from './testing/deployment.ts'
import { deliver } from './testing/webhooks.ts'

const secret = 'whsec_of_the_test'
/** What Stripe allows of one subscription; the sandbox refuses more. */
const updatesAnHour = 200

describe('billing of a deployment', { timeout: 300_000 }, () => {
  let running: RunningSandbox
  let control: SandboxControl
  let stripe: Stripe
  let deployment: Deployment
  let tenant: Tenant
  let customer: string
  const asked: string[] = []
  const happened: { id: string; data: { object: object } }[] = []
  const shared = { ...process.env }

  beforeAll(async () => {
    running = await startSandbox({
      ...{ seed: 'busy', frozen: true, settings: { quantityChangesAnHour: updatesAnHour } },
      record: ({ method, route }) => asked.push(`${method} ${route.split(' ')[1]}`),
    })
    running.sandbox.observe((event) => happened.push(event as unknown as (typeof happened)[number]))
    control = new SandboxControl(running)
    const { host, port, secretKey, origin } = running
    stripe = new Stripe(secretKey, { host, port, protocol: 'http', maxNetworkRetries: 0 })
    deployment = await startDeployment({ stripe: running, webhookSecret: secret })
    const { adminUrl, urls } = deployment.database
    Object.assign(process.env, {
      DATABASE_URL: adminUrl,
      APP_DATABASE_URL: urls.worker,
      AUTH_DATABASE_URL: urls.auth,
      REDIS_URL: deployment.redisUrl,
      STRIPE_SECRET_KEY: secretKey,
      STRIPE_API_URL: origin,
    })
    await ensureCatalogue(stripe)
  })
  afterAll(async () => {
    await Promise.allSettled([deployment?.stop(), closeRuntime()])
    await running?.close()
    Object.assign(process.env, shared)
  })
  beforeEach(async () => {
    tenant = await createTenant()
    customer = await ensureCustomer(stripe, tenant.people.owner.actor)
    const { id } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
    const price = await priceOf(stripe, 'team', 'month')
    await stripe.subscriptions.create({
      ...{ customer, default_payment_method: id, items: [{ price: price.id, quantity: 5 }] },
    })
    expect(await converge(stripe, tenant.id)).toBe('written')
  })

  it('has as many seats as members after a hundred come and go at once, by few changes at Stripe', async () => {
    const pool = administratorPool(20)
    const join = () =>
      pool.query(
        `with person as (insert into users (email, name) values (gen_random_uuid() || '@example.test', 'P') returning id)
         insert into memberships (org_id, user_id, role) select $1, id, 'viewer' from person returning user_id`,
        [tenant.id],
      )
    const leave = (person: string) =>
      pool.query('delete from memberships where org_id = $1 and user_id = $2', [tenant.id, person])
    const people = await Promise.all(Array.from({ length: 30 }, join))
    await quiet(deployment.database, 120)
    const before = asked.length
    await Promise.all([
      ...people.map(({ rows }) => leave(rows[0].user_id)),
      ...Array.from({ length: 70 }, join),
    ])
    await quiet(deployment.database, 120)
    const { rows } = await pool.query('select from memberships where org_id = $1', [tenant.id])
    await pool.end()
    const { data } = await stripe.subscriptions.list({ customer })
    expect(data).toHaveLength(1)
    expect(data[0]?.items.data.flatMap(({ quantity }) => quantity ?? [])).toEqual([rows.length])
    expect(rows.length).toBe(5 + 70)
    const changes = asked
      .slice(before)
      .filter((request) => request === 'POST /v1/subscriptions/{subscription_exposed_id}').length
    console.log(`a hundred changes of members were ${changes} changes of seats`)
    expect(changes).toBeGreaterThan(0)
    expect(changes).toBeLessThan(updatesAnHour / 10)
  })

  it('slows nobody while Stripe hangs, and is true once it answers again', async () => {
    const get = async (path: string) => {
      const began = performance.now()
      const response = await fetch(deployment.api + path, {
        headers: { cookie: `authjs.session-token=${tenant.people.owner.token}` },
      })
      await response.arrayBuffer()
      expect(response.status).toBe(200)
      return performance.now() - began
    }
    const p95 = async (path: string) => {
      const times: number[] = []
      for (let n = 0; n < 100; n++) times.push(await get(path))
      return times.sort((a, b) => a - b)[95] as number
    }
    const paths = ['/v1/me', '/v1/billing'] as const
    for (const path of paths) await p95(path)
    await steady({
      measure: async () => {
        const without = [await p95(paths[0]), await p95(paths[1])]
        await control.break([{ kind: 'hang' }])
        const from = happened.length
        await sayThatSomethingIsNew()
        for (const event of happened.slice(from))
          await deliver(deployment.api, event, { secret, isOver: () => false })
        await setTimeout(500)
        const hung = [await p95(paths[0]), await p95(paths[1])]
        await control.break([])
        return { without, hung }
      },
      expectations: ({ without, hung }) => {
        console.log(`p95 of ${paths}: ${words(without)} ms, and while Stripe hangs ${words(hung)} ms`)
        for (const [n, time] of hung.entries()) expect(time).toBeLessThan(2 * (without[n] as number) + 20)
      },
      // Nobody waited for a Stripe that never answered.
      honest: ({ hung }) => expect(Math.max(...hung)).toBeLessThan(5_000),
    })
    await quiet(deployment.database, 120)
  })

  const words = (times: number[]) => times.map((time) => time.toFixed(1)).join(' and ')
  /** By whom Stripe's own state changes: requests to it hang. */
  async function sayThatSomethingIsNew(): Promise<void> {
    running.sandbox.transaction(() =>
      running.sandbox.change('customer', customer, { description: `${performance.now()}` }),
    )
  }
})
