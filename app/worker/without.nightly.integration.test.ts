import { setTimeout } from 'node:timers/promises'
import { uuid } from '@headroom/fixtures/random.ts'
import { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import { type RunningSandbox, startSandbox } from '@headroom/payments-sandbox/server.ts'
import { type OwnDatabase, ownDatabase } from '@worklane/data/testing/own-database.ts'
import { ensureCatalogue } from '@worklane/domain/billing/catalogue.ts'
import { converge } from '@worklane/domain/billing/converge.ts'
import { itemsOf } from '@worklane/domain/billing/metered-items.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { billingRows, difference, imbalances, quiet } from './testing/billing-rows.ts'
import { type Deployment, startDeployment } from './testing/deployment.ts'
import { createOrganisations, type Organisation, writeOrganisations } from './testing/organisations.ts'
import { deliver } from './testing/webhooks.ts'

const secret = 'whsec_of_the_test'
const slowMs = 2_000

/** The same judgement as under kills, of what could go wrong: each part of what keeps billing exact is left out once. */
describe('billing', { timeout: 120_000 }, () => {
  let running: RunningSandbox
  let control: SandboxControl
  let stripe: Stripe
  let deployment: Deployment
  let ordered: OwnDatabase
  let happened: { id: string }[] = []
  let told: string[] = []
  let organisations: [Organisation, Organisation]
  let cases = 0
  const shared = { ...process.env }

  beforeAll(async () => {
    running = await startSandbox({ seed: 'without', frozen: true })
    running.sandbox.observe((event) => happened.push(event))
    control = new SandboxControl(running)
    const { host, port, secretKey, origin } = running
    stripe = new Stripe(secretKey, { host, port, protocol: 'http', maxNetworkRetries: 0 })
    await ensureCatalogue(stripe)
    ;[deployment, ordered] = await Promise.all([
      startDeployment({ stripe: running, webhookSecret: secret }),
      ownDatabase(),
    ])
    Object.assign(process.env, {
      APP_DATABASE_URL: ordered.urls.worker,
      AUTH_DATABASE_URL: ordered.urls.auth,
      STRIPE_SECRET_KEY: secretKey,
      STRIPE_API_URL: origin,
    })
  })
  afterAll(async () => {
    await Promise.allSettled([deployment?.stop(), closeRuntime()])
    await Promise.allSettled([ordered?.remove(), running?.close()])
    Object.assign(process.env, shared)
  })
  beforeEach(async () => {
    for (const database of [deployment.database, ordered])
      await database.query('truncate organisations, users, stripe_events cascade')
    happened = []
    told = []
    cases++
    organisations = (await createOrganisations(stripe, cases, 2)) as typeof organisations
    await writeOrganisations(deployment.database, organisations)
    for (const { customer, people } of organisations) {
      const { id } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
      await stripe.subscriptions.create({
        customer,
        default_payment_method: id,
        // With what is metered: else each first reading adds it, and Stripe tells of that.
        items: await itemsOf(stripe, { plan: 'team', interval: 'month', seats: people.length }),
      })
    }
  })

  /** Whatever happened since, twice. */
  async function tellTwice(): Promise<void> {
    const news = happened.slice(told.length)
    told.push(...news.map(({ id }) => id))
    for (const event of [...news, ...news])
      await deliver(deployment.api, event, { secret, isOver: () => false })
  }
  const ask = async (text: string) => (await deployment.database.query(text)).rows
  /** A reading that is slow at one request has come that far. */
  async function isReading({ id }: Organisation): Promise<void> {
    const begun = `select from billing_customers where org_id = '${id}' and held_until is not null`
    await expect.poll(async () => (await ask(begun)).length, { interval: 20 }).toBe(1)
    await setTimeout(slowMs / 4)
  }

  /** A reading whose last request takes so long that somebody else is let read: what it says is of before. */
  async function overtaken(organisation: Organisation): Promise<void> {
    await control.break([{ kind: 'slow', requests: 1, route: 'GET /v1/charges', milliseconds: slowMs }])
    await stripe.customers.update(organisation.customer, { description: 'Something is new' })
    await tellTwice()
    await isReading(organisation)
    const { data } = await stripe.subscriptions.list({ customer: organisation.customer })
    await stripe.subscriptions.cancel(data[0]?.id as string)
    await ask(`update billing_customers set held_until = null where org_id = '${organisation.id}'`)
    await tellTwice()
    await setTimeout(slowMs)
    const waiting = () => ask('select from stripe_events where processed_at is null')
    await expect.poll(waiting, { timeout: 60_000 }).toEqual([])
  }

  /** Somebody joins while the seat of another is still on its way to Stripe, which then tells us nothing of it. */
  async function joined(organisation: Organisation): Promise<void> {
    await control.break([
      { kind: 'slow', requests: 1, route: 'POST /v1/subscriptions', milliseconds: slowMs },
    ])
    const join = async () => {
      const person = uuid(cases, 1_000 + organisation.people.length)
      organisation.people.push(person)
      await ask(`insert into users (id, email, name) values ('${person}', '${person}@example.test', 'Person');
        insert into memberships (org_id, user_id, role) values ('${organisation.id}', '${person}', 'member')`)
    }
    await join()
    await isReading(organisation)
    await join()
    await setTimeout(slowMs)
    await quiet(deployment.database, 60, organisation.id)
  }

  /** @returns what is wrong in the end, in words */
  async function judged(): Promise<string[]> {
    const wrong = await imbalances(deployment.database, told)
    for (const { customer, people } of organisations) {
      const { data } = await stripe.subscriptions.list({ customer })
      const seats =
        data[0]?.items.data.find(({ quantity }) => quantity !== undefined)?.quantity ?? people.length
      if (seats !== people.length) wrong.push(`Stripe bills ${seats} seats of ${people.length} people`)
    }
    await writeOrganisations(ordered, organisations)
    for (const { id } of organisations) expect(await converge(stripe, id)).toBe('written')
    const rows = async (database: OwnDatabase) =>
      (await billingRows(database)).filter((row) => !row.startsWith('event '))
    return [...wrong, ...difference(await rows(deployment.database), await rows(ordered))]
  }

  async function played(faults: string): Promise<string[]> {
    await deployment.restart(faults)
    const [one, other] = organisations
    await tellTwice()
    await quiet(deployment.database, 60)
    await overtaken(one)
    await joined(other)
    return judged()
  }

  it('is exact', async () => {
    expect(await played('')).toEqual([])
  })

  it('stores an event, and its work, as often as it comes without a unique event', async () => {
    const wrong = await played('without=unique-event')
    expect(wrong).toContainEqual(`${2 * told.length} rows of events where there should be ${told.length}`)
  })

  it('is what it was before a reading that was slow without a fence', async () => {
    const wrong = await played('without=fence')
    expect(wrong).toContainEqual(expect.stringMatching(/^too many: subscriptions .*"status": "active"/))
    expect(wrong).toContainEqual(expect.stringMatching(/^lost: subscriptions .*"status": "canceled"/))
  })

  it('is paid for a wrong number of people without a lock', async () => {
    const wrong = await played('without=lock')
    expect(wrong).toContainEqual(expect.stringMatching(/^Stripe bills \d seats of \d people$/))
  })
})
