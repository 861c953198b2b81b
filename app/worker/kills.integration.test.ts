import { setTimeout } from 'node:timers/promises'
import { type RunningSandbox, startSandbox } from '@headroom/payments-sandbox/server.ts'
import { type OwnDatabase, ownDatabase } from '@worklane/data/testing/own-database.ts'
import { converge } from '@worklane/domain/billing/converge.ts'
import { takeIn } from '@worklane/domain/billing/intake.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { billingRows, difference, imbalances, quiet } from './testing/billing-rows.ts'
import { type Deployment, startDeployment } from './testing/deployment.ts'
import { draws, History } from './testing/history.ts'
import { killAtRandom } from './testing/kill-at-random.ts'
import { createOrganisations, type Organisation, writeOrganisations } from './testing/organisations.ts'
import { deliver, signatureOf } from './testing/webhooks.ts'

/** KILL_SEEDS=20 plays as many; KILL_SEED=7 begins with that one, which a failure names. */
const first = Number(process.env.KILL_SEED ?? 1)
const seeds = Array.from({ length: Number(process.env.KILL_SEEDS ?? 1) }, (_, n) => first + n)
const events = 1_000
const organisationsEach = 12
const start = Date.parse('2024-01-31T10:00:00Z') / 1_000
const secret = 'whsec_of_the_test'

type StripeEvent = { id: string; data: { object: object } }

describe.each(seeds)('a thousand events, told again and out of order, under kills (seed %i)', (seed) => {
  let running: RunningSandbox
  let stripe: Stripe
  let killed: Deployment
  let ordered: OwnDatabase
  let organisations: Organisation[]
  const shared = { ...process.env }
  const happened: StripeEvent[] = []

  beforeAll(async () => {
    running = await startSandbox({ seed: `kills ${seed}`, start, frozen: true })
    running.sandbox.observe((event) => happened.push(event as unknown as StripeEvent))
    const { host, port, secretKey, origin } = running
    stripe = new Stripe(secretKey, { host, port, protocol: 'http', maxNetworkRetries: 0 })
    ;[killed, ordered] = await Promise.all([
      startDeployment({ stripe: running, webhookSecret: secret }),
      ownDatabase(),
    ])
    // This process is the other Worklane: the one to which everything is told once, and in order.
    Object.assign(process.env, {
      APP_DATABASE_URL: ordered.urls.worker,
      AUTH_DATABASE_URL: ordered.urls.auth,
      INTAKE_DATABASE_URL: ordered.urls.intake,
      STRIPE_SECRET_KEY: secretKey,
      STRIPE_API_URL: origin,
      STRIPE_WEBHOOK_SECRETS: secret,
    })
    organisations = await createOrganisations(stripe, seed, organisationsEach)
    for (const database of [killed.database, ordered]) await writeOrganisations(database, organisations)
  })
  afterAll(async () => {
    await Promise.allSettled([killed?.stop(), closeRuntime()])
    await Promise.allSettled([ordered?.remove(), running?.close()])
    Object.assign(process.env, shared)
  })

  /** Tells the ordered one what has happened since, and has every customer that it is about read. */
  async function tellInOrder(from: number): Promise<void> {
    const concerned = new Set<string>()
    for (const event of happened.slice(from)) {
      const body = JSON.stringify(event)
      await takeIn(body, signatureOf(body, secret))
      const { object, id, customer } = event.data.object as { object: string; id: string; customer?: string }
      concerned.add(object === 'customer' ? id : (customer ?? ''))
    }
    for (const { id, customer } of organisations)
      if (concerned.has(customer)) expect(await converge(stripe, id)).toBe('written')
  }

  it('come to what one delivery in order comes to, with nothing lost and nothing doubled', {
    timeout: 600_000,
  }, async () => {
    const [ofHistory, ofDeliveries] = [draws(seed), draws(seed + 1_000_000)]
    const history = new History(running, stripe, organisations, ofHistory)
    let isOver = false
    const killing = killAtRandom(killed, [
      [draws(seed + 2_000_000), ['worker-1', 'worker-2']],
      [draws(seed + 3_000_000), ['api', 'redis']],
    ])

    const deliveries: Promise<void>[] = []
    const tellInAnyOrder = (from: number) => {
      for (const event of happened.slice(from))
        for (let copy = 1 + Math.floor(ofDeliveries() * 3); copy > 0; copy--) {
          const late = setTimeout(ofDeliveries() * 4_000)
          deliveries.push(late.then(() => deliver(killed.api, event, { secret, isOver: () => isOver })))
        }
    }
    let told = 0
    const tell = async () => {
      const from = told
      told = happened.length
      tellInAnyOrder(from)
      await tellInOrder(from)
    }
    await history.begin()
    await tell()
    while (happened.length < events || !killing.happened()) {
      await history.step()
      await tell()
    }
    await Promise.all(deliveries)
    const kills = await killing.end()
    const ended = performance.now()
    await quiet(killed.database, 120)
    // A late reading may itself change what a subscription meters, and Stripe tells of that as well.
    while (told < happened.length) {
      await tell()
      await Promise.all(deliveries)
      await quiet(killed.database, 120)
    }
    isOver = true
    const seconds = ((performance.now() - ended) / 1_000).toFixed(0)

    const ids = happened.map(({ id }) => id)
    expect(await imbalances(killed.database, ids)).toEqual([])
    expect(difference(await billingRows(killed.database), await billingRows(ordered))).toEqual([])
    const { rows } = await killed.database.query(
      'select sum(readings)::int as readings from billing_customers',
    )
    console.log(
      `${ids.length} events in ${deliveries.length} deliveries, ${rows[0].readings} readings, quiet after ${seconds} s; killed: ${JSON.stringify(kills)}`,
    )
    // However often something was told, and begun anew: fewer than there were events.
    expect(rows[0].readings).toBeLessThan(ids.length)
  })
})
