import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startedSandbox } from '../testing/started.ts'

describe('deliveries', () => {
  const started = startedSandbox()
  let server: Server
  let secret: string
  let answers: number[] = []
  let received: { body: string; signature: string }[] = []

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      received.push({
        body: Buffer.concat(chunks).toString(),
        signature: String(request.headers['stripe-signature']),
      })
      response.statusCode = answers.shift() ?? 200
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = await started.stripe.webhookEndpoints.create({
      enabled_events: ['customer.created', 'customer.updated'],
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`,
    })
    secret = endpoint.secret ?? ''
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))
  beforeEach(async () => {
    await settled()
    received = []
    answers = []
    await started.control.deliver({})
  })

  const settled = () =>
    expect.poll(async () => (await started.control.state()).deliveries.sending, { timeout: 5_000 }).toBe(0)
  const names = () =>
    received.map(({ body }) => (JSON.parse(body) as { data: { object: { name: string } } }).data.object.name)
  const create = async (count: number) => {
    for (let n = 0; n < count; n++) await started.stripe.customers.create({ name: `${n}` })
  }

  it("carry a signature that the SDK takes, and not another endpoint's", async () => {
    await create(1)
    await settled()
    const [{ body, signature } = { body: '', signature: '' }] = received
    const { webhooks } = started.stripe
    expect(webhooks.constructEvent(body, signature, secret).type).toBe('customer.created')
    expect(() => webhooks.constructEvent(body, signature, 'whsec_other')).toThrow()
    expect(() => webhooks.constructEvent(`${body} `, signature, secret)).toThrow()
  })

  it('are only of the events that the endpoint wants', async () => {
    await started.stripe.products.create({ name: 'Unwanted' })
    await create(1)
    await settled()
    expect(names()).toEqual(['0'])
  })

  it('come as often as asked, the same event each time', async () => {
    await started.control.deliver({ copies: { min: 3, max: 3 } })
    await create(2)
    await settled()
    expect(names().sort()).toEqual(['0', '0', '0', '1', '1', '1'])
    const ids = received.map(({ body }) => (JSON.parse(body) as { id: string }).id)
    expect(new Set(ids).size).toBe(2)
  })

  it('are held, and come in a burst, in another order', async () => {
    await started.control.deliver({ hold: true, concurrency: 1 })
    await create(12)
    expect(received).toEqual([])
    expect(await started.control.release('random')).toBe(12)
    await settled()
    const numbers = names().map(Number)
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n))
    expect(numbers).not.toEqual(numbers.toSorted((a, b) => a - b))
  })

  it('come late where asked', async () => {
    await started.control.deliver({ delay: { min: 300, max: 300 } })
    await create(1)
    expect(received).toEqual([])
    await settled()
    expect(names()).toEqual(['0'])
  })

  it('never come where all are dropped, and can be listed and sent again', async () => {
    await started.control.deliver({ drop: 1 })
    await create(1)
    await settled()
    expect(received).toEqual([])
    const { data } = await started.stripe.events.list({
      delivery_success: false,
      limit: 1,
      type: 'customer.created',
    })
    expect(data[0]?.pending_webhooks).toBe(1)
    await started.control.deliver({})
    expect(await started.control.resend(data[0]?.id ?? '')).toBe(1)
    await settled()
    expect(names()).toEqual(['0'])
    expect((await started.stripe.events.retrieve(data[0]?.id ?? '')).pending_webhooks).toBe(0)
  })

  it('do not go to an endpoint that is gone', async () => {
    const { stripe, control } = started
    const { url } = (await stripe.webhookEndpoints.list()).data[0] ?? { url: '' }
    const other = await stripe.webhookEndpoints.create({ enabled_events: ['*'], url })
    await control.deliver({ hold: true })
    await create(1)
    await stripe.webhookEndpoints.del(other.id)
    await control.deliver({})
    expect(await control.release()).toBe(2)
    await settled()
    expect(names()).toEqual(['0'])
  })

  it("are tried again by the sandbox's clock where the endpoint fails", async () => {
    answers = [500, 500]
    await create(1)
    await settled()
    expect(names()).toEqual(['0'])
    await started.control.moveClock({ seconds: 60 })
    await settled()
    expect(names()).toEqual(['0', '0'])
    await started.control.moveClock({ seconds: 299 })
    await settled()
    expect(received).toHaveLength(2)
    await started.control.moveClock({ seconds: 1 })
    await settled()
    expect(received).toHaveLength(3)
    await started.control.moveClock({ days: 4 })
    await settled()
    expect(received).toHaveLength(3)
  })

  it('are tried again within milliseconds where that is asked for', async () => {
    await started.control.deliver({ retries: { kind: 'quick', first: 20, times: 3 } })
    answers = [500, 500]
    await create(1)
    await settled()
    expect(received).toHaveLength(3)
    const log = await started.control.deliveries()
    expect(log.slice(-3).map(({ attempt, status }) => ({ attempt, status }))).toEqual([
      { attempt: 1, status: 500 },
      { attempt: 2, status: 500 },
      { attempt: 3, status: 200 },
    ])
  })

  it('begin no more in a second than is allowed, however many wait', async () => {
    await started.control.deliver({ hold: true })
    await create(12)
    await started.control.deliver({ perSecond: 20 })
    const began = performance.now()
    await started.control.release()
    await settled()
    expect(received).toHaveLength(12)
    // A few begin at once, for timers that are late; the last one comes ten pauses of 50 ms later.
    expect(performance.now() - began).toBeGreaterThan(400)
  })

  it('come in another order, but not far from their places, where that is asked for', async () => {
    await started.control.deliver({ hold: true, concurrency: 1 })
    await create(60)
    await started.control.deliver({ concurrency: 1 })
    await started.control.release('random', 10)
    await settled()
    const places = names().map(Number)
    expect(places).not.toEqual(places.toSorted((a, b) => a - b))
    for (const [place, name] of places.entries()) expect(Math.abs(place - name)).toBeLessThan(10)
  })
})
