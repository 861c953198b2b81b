import { randomUUID } from 'node:crypto'
import { intakeCounts, largestEvent } from '@worklane/domain/billing/intake.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { asAdministrator, createTenant, type Tenant } from '@worklane/domain/testing/tenants.ts'
import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApi } from './app.ts'

const [secret, next] = ['whsec_of_now', 'whsec_of_tomorrow']
process.env.STRIPE_WEBHOOK_SECRETS = `${secret}, ${next}`

describe('a webhook of Stripe', () => {
  const failures: unknown[] = []
  const api = createApi({ origin: 'http://worklane.test', onError: (error) => failures.push(error) })
  const customer = `cus_${randomUUID()}`
  let tenant: Tenant
  let other: Tenant

  beforeAll(async () => {
    tenant = await createTenant()
    other = await createTenant()
    await asAdministrator((client) =>
      client.query('insert into billing_customers (org_id, stripe_id) values ($1, $2)', [
        tenant.id,
        customer,
      ]),
    )
  })
  afterAll(async () => {
    expect(failures).toEqual([])
    await closeRuntime()
  })

  const event = (object: object = { object: 'invoice', id: 'in_1', customer }, type = 'invoice.paid') => ({
    id: `evt_${randomUUID()}`,
    object: 'event',
    type,
    created: Math.floor(Date.now() / 1000),
    data: { object },
  })
  const signed = (payload: string, by = secret, timestamp = Math.floor(Date.now() / 1000)) =>
    Stripe.webhooks.generateTestHeaderString({ payload, secret: by, timestamp })
  const post = (body: string, header?: string) =>
    api.request('/webhooks/stripe', {
      method: 'POST',
      body,
      headers: header === undefined ? {} : { 'stripe-signature': header },
    })
  const deliver = (of: object, by?: string) => post(JSON.stringify(of), signed(JSON.stringify(of), by))

  const rowsOf = (text: string, values: unknown[]) =>
    asAdministrator(async (client) => (await client.query(text, values)).rows)
  const eventRows = (id: string) => rowsOf('select type, customer from stripe_events where id = $1', [id])
  const work = (organisation: string) =>
    rowsOf("select payload from outbox where org_id = $1 and topic = 'billing.sync'", [organisation])

  it('is stored, with the work to look at its customer', async () => {
    const before = (await work(tenant.id)).length
    const paid = event()
    const answer = await deliver(paid)
    expect([answer.status, await answer.json()]).toEqual([200, { received: true }])
    expect(await eventRows(paid.id)).toEqual([{ type: 'invoice.paid', customer }])
    expect(await work(tenant.id)).toHaveLength(before + 1)
  })

  it('is stored once, and makes work once, however often and at the same time it comes', async () => {
    const before = (await work(tenant.id)).length
    const paid = event()
    const answers = await Promise.all(Array.from({ length: 20 }, () => deliver(paid)))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(await eventRows(paid.id)).toHaveLength(1)
    expect(await work(tenant.id)).toHaveLength(before + 1)
  })

  it('may be signed by either secret while one takes the other’s place', async () => {
    expect((await deliver(event(), secret)).status).toBe(200)
    expect((await deliver(event(), next)).status).toBe(200)
  })

  it.each<[string, (body: string) => string | undefined]>([
    ['no signature', () => undefined],
    ['an empty one', () => ''],
    ['one that is none', () => 't=now,v1=yes'],
    ['one without anything in it', () => 't=1,v1='],
    ['one that is too short', () => 't=1,v1=abc'],
    ['one of another kind', () => `t=1,v0=${'a'.repeat(64)}`],
    ['one by another secret', (body) => signed(body, 'whsec_of_somebody')],
    ['one of something else', () => signed('{}')],
    ['one of six minutes ago', (body) => signed(body, secret, Math.floor(Date.now() / 1000) - 360)],
  ])('with %s is 400 as problem+json, counted, and leaves no row', async (_, header) => {
    const [paid, before] = [event(), intakeCounts['wrong signature']]
    const body = JSON.stringify(paid)
    const answer = await post(body, header(body))
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await answer.text()).not.toContain('whsec')
    expect(await eventRows(paid.id)).toEqual([])
    expect(intakeCounts['wrong signature']).toBe(before + 1)
  })

  const cut = () => ({ object: 'invoice', id: 'in_1', customer })
  const raw = (object: string) => JSON.stringify(event({})).replace('{}', object)
  it.each<[string, () => string]>([
    ['that is cut off', () => '{"id": '],
    ['null', () => 'null'],
    ['a list', () => '[]'],
    ['without an id', () => JSON.stringify({ ...event(), id: undefined })],
    ['with a number for an id', () => JSON.stringify({ ...event(), id: 5 })],
    ['with an id that no index takes', () => JSON.stringify({ ...event(), id: 'e'.repeat(5_000) })],
    ['without a type', () => JSON.stringify({ ...event(), type: undefined })],
    ['without a time', () => JSON.stringify({ ...event(), created: undefined })],
    ['with a time that is none', () => JSON.stringify({ ...event(), created: 1e300 })],
    ['without an object', () => JSON.stringify({ ...event(), data: undefined })],
    ['with a text for an object', () => JSON.stringify({ ...event(), data: { object: 'x' } })],
    ['that is nested too deep', () => raw(`{"d":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)],
    ['with a number that is too large', () => raw('{"d":1e400000}')],
    [
      'of API v2',
      () =>
        JSON.stringify({
          id: `evt_${randomUUID()}`,
          object: 'v2.core.event',
          created: new Date().toISOString(),
          type: 'v1.billing.meter.error_report_triggered',
          related_object: { id: 'mtr_1' },
        }),
    ],
  ])('that is signed and %s is 400 as problem+json, counted as malformed', async (_, make) => {
    const [body, before] = [make(), { ...intakeCounts }]
    const answer = await post(body, signed(body))
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(intakeCounts).toEqual({ ...before, malformed: before.malformed + 1 })
  })

  it.each<[string, string, string]>([
    ['a NUL', String.raw`A\u0000B`, 'AB'],
    ['the first half of a surrogate pair', String.raw`Caf\ud83d`, 'Caf\ufffd'],
    ['the second half of one', String.raw`\uDE00 Caf`, '\ufffd Caf'],
    ['a pair of them', String.raw`\ud83d\uDE00`, '\u{1f600}'],
    ['a backslash before what is none', String.raw`\\u0000`, String.raw`\u0000`],
    ['two halves with a NUL between', String.raw`\ud83d\u0000\ude00`, '\ufffd\ufffd'],
  ])('with %s in a text is kept, and makes work', async (_, text, kept) => {
    const before = (await work(tenant.id)).length
    const body = raw(JSON.stringify(cut()).replace('}', `,"customer_name":"${text}"}`))
    expect((await post(body, signed(body))).status).toBe(200)
    const { id } = JSON.parse(body)
    const name = "select payload #>> '{data,object,customer_name}' as name from stripe_events where id = $1"
    expect(await rowsOf(name, [id])).toEqual([{ name: kept }])
    expect(await work(tenant.id)).toHaveLength(before + 1)
  })

  it.each([
    ['a refund by its payment', { object: 'refund', id: 're_1', payment_intent: 'pi_of_ours' }],
    ['a refund by its charge', { object: 'refund', id: 're_1', charge: 'ch_of_ours', payment_intent: null }],
    [
      'a dispute',
      { object: 'dispute', id: 'du_1', charge: { id: 'ch_of_ours' }, payment_intent: 'pi_other' },
    ],
  ])('that names no customer finds its own: %s', async (_, object) => {
    const place = 'insert into payments (org_id, id, invoice_id, currency, amount, paid_at)'
    const values = "($1, 'pi_of_ours', 'in_1', 'eur', 1, now()), ($1, 'ch_of_ours', 'in_2', 'eur', 1, now())"
    await rowsOf(`${place} values ${values} on conflict do nothing`, [tenant.id])
    const before = (await work(tenant.id)).length
    const about = event(object, 'whatever')
    expect((await deliver(about)).status).toBe(200)
    expect(await eventRows(about.id)).toEqual([{ type: 'whatever', customer }])
    expect(await work(tenant.id)).toHaveLength(before + 1)
  })

  it('of a payment of nobody of ours makes no work', async () => {
    const foreign = event({ object: 'dispute', id: 'du_1', charge: 'ch_unknown', payment_intent: null })
    expect((await deliver(foreign)).status).toBe(200)
    expect(await eventRows(foreign.id)).toEqual([{ type: 'invoice.paid', customer: null }])
  })

  it('of which a byte was changed on the way is refused', async () => {
    const paid = event()
    const body = JSON.stringify(paid)
    expect((await post(body.replace('in_1', 'in_2'), signed(body))).status).toBe(400)
    expect(await eventRows(paid.id)).toEqual([])
  })

  it('of a type that means nothing to us is kept', async () => {
    const strange = event({ object: 'radar.value_list', id: 'rsl_1' }, 'radar.value_list.created')
    expect((await deliver(strange)).status).toBe(200)
    expect(await eventRows(strange.id)).toEqual([{ type: 'radar.value_list.created', customer: null }])
  })

  it.each([
    ['its own id', (id: string) => ({ object: 'customer', id })],
    ['the id of its customer', (id: string) => ({ object: 'subscription', id: 'sub_1', customer: id })],
    ['its whole customer', (id: string) => ({ object: 'charge', id: 'ch_1', customer: { id } })],
  ])('says whom it is about by %s', async (_, object) => {
    const before = (await work(tenant.id)).length
    const about = event(object(customer), 'whatever')
    await deliver(about)
    expect(await eventRows(about.id)).toEqual([{ type: 'whatever', customer }])
    expect(await work(tenant.id)).toHaveLength(before + 1)
  })

  it('that names another organisation changes nothing there', async () => {
    const before = (await work(tenant.id)).length
    const metadata = { organisation: other.id, org_id: other.id }
    await deliver(event({ object: 'subscription', id: 'sub_1', customer, metadata }))
    expect(await work(other.id)).toEqual([])
    expect(await work(tenant.id)).toHaveLength(before + 1)
  })

  it('of a customer that is none of ours makes no work', async () => {
    const foreign = event({ object: 'invoice', id: 'in_1', customer: 'cus_of_nobody' })
    expect((await deliver(foreign)).status).toBe(200)
    expect(await eventRows(foreign.id)).toHaveLength(1)
    expect(await rowsOf("select from outbox where payload::text like '%cus_of_nobody%'", [])).toEqual([])
  })

  it('that is larger than any of Stripe’s is 413, and by another method 405', async () => {
    expect((await post('x'.repeat(largestEvent + 1), signed('x'))).status).toBe(413)
    const other = await api.request('/webhooks/stripe')
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'POST'])
  })

  it('is nobody’s to read but who takes it in', async () => {
    for (const role of ['worklane_app', 'worklane_auth', 'worklane_relay', 'worklane_worker'])
      await expect(
        asAdministrator(async (client) => {
          await client.query(`set role ${role}`)
          await client.query('select from stripe_events')
        }),
      ).rejects.toThrow(/permission denied/)
  })
})

it('is answered 404 where billing is off', async () => {
  delete process.env.STRIPE_WEBHOOK_SECRETS
  const api = createApi({ origin: 'http://worklane.test' })
  const answer = await api.request('/webhooks/stripe', { method: 'POST', body: '{}' })
  expect(answer.status).toBe(404)
  await closeRuntime()
})
