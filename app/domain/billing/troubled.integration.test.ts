import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import Stripe from 'stripe'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { converge, type Hears } from './converge.ts'
import { billed } from './testing/billed.ts'

/** What a reading asks that finds a subscription, and a member more than it has seats: in this order. */
const read = ['GET /v1/invoices', 'GET /v1/subscriptions', 'GET /v1/charges']
/** What follows of it. */
const changed = ['GET /v1/checkout/sessions', 'POST /v1/subscriptions']
const troubles = ['rate_limit', 'error', 'disconnect', 'hang', 'timeout'] as const

describe('a reading that meets a Stripe in trouble', () => {
  const { at, rowsOf, subscribe } = billed('troubled')
  /** One that gives up soon. */
  let stripe: Stripe
  let begun: string

  beforeEach(async () => {
    const { host, port, secretKey } = at.sandbox
    stripe = new Stripe(secretKey, { host, port, protocol: 'http', maxNetworkRetries: 0, timeout: 300 })
    await subscribe()
    // So that it is of today by the clock that readings go by, and pages may be open still.
    begun = new Date((await at.control.state()).now * 1000).toISOString()
    await rowsOf(
      `with person as (insert into users (email, name) values (gen_random_uuid() || '@example.test', 'P') returning id)
       insert into memberships (org_id, user_id, role) select $1, id, 'viewer' from person`,
    )
  })
  afterEach(() => at.control.break([]))

  const look = (by = stripe) => converge(by, at.tenant.id, null, new Date(begun))
  const written = async () => {
    const [rows] = await rowsOf(
      `select o.plan, c.written_reading::int as reading, c.held_until as held,
         (select count(*)::int from subscriptions where org_id = o.id) as subscriptions,
         (select count(*)::int from invoices where org_id = o.id) as invoices,
         (select count(*)::int from ledger_entries where org_id = o.id) as entries
       from organisations o join billing_customers c on c.org_id = o.id where o.id = $1`,
    )
    return rows
  }
  const nothing = { plan: 'free', reading: 0, held: null, subscriptions: 0, invoices: 0, entries: 0 }
  const seats = async () =>
    (await at.stripe.subscriptions.list({ customer: at.customer })).data[0]?.items.data[0]?.quantity

  it.each(read.flatMap((route) => troubles.map((kind) => [kind, route] as const)))(
    'writes nothing, lets go, and the next makes all true: %s at %s',
    async (kind, route) => {
      await at.control.break([{ kind, route }])
      await expect(look()).rejects.toBeInstanceOf(Stripe.errors.StripeError)
      expect(await written()).toEqual(nothing)
      await at.control.break([])
      expect(await look(at.stripe)).toBe('written')
      expect(await written()).toMatchObject({ plan: 'team', held: null, subscriptions: 1, invoices: 1 })
      expect(await seats()).toBe(6)
      expect((await at.stripe.subscriptions.list({ customer: at.customer })).data).toHaveLength(1)
    },
  )

  it.each(changed.flatMap((route) => troubles.map((kind) => [kind, route] as const)))(
    'writes what it has read, lets go, and is to be tried again: %s at %s',
    async (kind, route) => {
      await at.control.break([{ kind, route }])
      const refused: unknown[] = []
      const told = new Date()
      const again = (hears: Partial<Hears>) =>
        converge(stripe, at.tenant.id, told, new Date(begun), { onUnmetered() {}, ...hears })
      const first = again({ onRefused: (_, error) => refused.push(error) })
      await expect(first).rejects.toBeInstanceOf(Stripe.errors.StripeError)
      expect(refused).toEqual([expect.any(Stripe.errors.StripeError)])
      expect(await written()).toMatchObject({ plan: 'team', held: null, subscriptions: 1, invoices: 1 })
      await at.control.break([])
      expect(await again({})).toBe('written')
      expect(await again({})).toBe('known')
      expect(await seats()).toBe(6)
    },
  )

  it('has written what it read before Stripe answers to what follows of it', async () => {
    const route = 'POST /v1/subscriptions'
    await at.control.break([{ kind: 'slow', requests: 1, route, milliseconds: 2_000 }])
    const reading = look(at.stripe)
    await expect
      .poll(written, { timeout: 1_500 })
      .toMatchObject({ plan: 'team', held: expect.any(Date), invoices: 1 })
    expect(await reading).toBe('written')
    expect(await written()).toMatchObject({ plan: 'team', held: null })
    expect(await seats()).toBe(6)
  })

  it('goes on once one that was stopped in the middle of it is there again', async () => {
    const gate = await startGate(at.sandbox.port)
    stripe = new Stripe(at.sandbox.secretKey, {
      host: '127.0.0.1',
      port: gate.port,
      protocol: 'http',
      maxNetworkRetries: 0,
    })
    await at.control.break([{ kind: 'slow', requests: 1, route: 'GET /v1/subscriptions', milliseconds: 500 }])
    const reading = look()
    const failed = expect(reading).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError)
    await setTimeout(250)
    await gate.close()
    await failed
    for (let n = 0; n < 3; n++)
      await expect(look()).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError)
    expect(await written()).toEqual(nothing)
    await gate.open()
    expect(await look()).toBe('written')
    expect(await written()).toMatchObject({ plan: 'team', subscriptions: 1 })
    await gate.close()
  })
})

/** A way to a port that can be closed, as if nobody were behind it. */
async function startGate(to: number) {
  const sockets = new Set<Socket>()
  let server: Server
  const open = async (port = 0) => {
    server = createServer((socket) => {
      const through = connect(to, '127.0.0.1')
      for (const each of [socket, through]) sockets.add(each.on('error', () => {}))
      socket.pipe(through).pipe(socket)
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return (server.address() as { port: number }).port
  }
  const port = await open()
  return {
    port,
    open: () => open(port),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      sockets.clear()
      await closed
    },
  }
}
