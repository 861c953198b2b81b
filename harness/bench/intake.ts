import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { postgresAddress } from '@worklane/data/postgres-address.ts'
import { withPostgres } from '@worklane/data/reach-postgres.ts'
import type { Stack } from '../stack/stack.ts'
import { percentile } from './truth/books.ts'

/** What signs the webhooks of a stack whose intake is measured; its environment has to say so. */
export const webhookSecret = 'whsec_of_the_benchmark'

/** Stripe's events weigh so much, from a customer to an invoice of many lines. Bytes. */
const weights = [5_000, 10_000, 20_000, 50_000]

/**
 * How long the API takes to take in an event of Stripe, signed and of a customer that it knows, one after another. To
 * the answer's last byte on loopback: a little more than the server's own time.
 * @returns milliseconds: what half and 95 of 100 took at most, and the API's CPU for each
 * @throws Error where one is not taken
 */
export async function intakeTimes(
  stack: Stack,
  events: number,
): Promise<{ p50: number; p95: number; cpu: number }> {
  const customer = `cus_${randomUUID()}`
  await makeCustomer(stack, customer)
  const times: number[] = []
  // The first compile the code, and open connections.
  const warmUp = Math.ceil(events / 4)
  const cpuSeconds = async () => (await stack.usage()).api?.cpuSeconds ?? Number.NaN
  let before = 0
  for (let n = 0; n < warmUp + events; n++) {
    const body = eventOf(customer, weights[n % weights.length] as number)
    const signature = signed(body)
    if (n === warmUp) before = await cpuSeconds()
    const began = performance.now()
    const response = await fetch(`${stack.addresses.api}/webhooks/stripe`, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json', 'Stripe-Signature': signature },
    })
    await response.arrayBuffer()
    if (n >= warmUp) times.push(performance.now() - began)
    if (!response.ok) throw new Error(`the intake answered ${response.status} instead of 200`)
  }
  const cpu = (((await cpuSeconds()) - before) * 1_000) / events
  return { p50: percentile(times, 0.5), p95: percentile(times, 0.95), cpu }
}

export const inWords = ({ p50, p95, cpu }: Awaited<ReturnType<typeof intakeTimes>>): string =>
  `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, ${cpu.toFixed(1)} ms CPU of the API`

async function makeCustomer({ env }: Stack, customer: string): Promise<void> {
  await withPostgres(postgresAddress('DATABASE_URL', env.DATABASE_URL ?? ''), (client) =>
    client.query(
      `with organisation as (
         insert into organisations (name, slug, plan) values ('Intake', $1, 'team') returning id
       ) insert into billing_customers (org_id, stripe_id) select id, $2 from organisation`,
      [randomUUID(), customer],
    ),
  )
}

function eventOf(customer: string, bytes: number): string {
  const event = {
    id: `evt_${randomUUID()}`,
    object: 'event',
    type: 'invoice.paid',
    created: Math.floor(Date.now() / 1_000),
    data: { object: { object: 'invoice', id: `in_${randomUUID()}`, customer, lines: [] as unknown[] } },
  }
  // As many lines as make it so heavy; each different, as text that compresses to nothing would be no body.
  while (JSON.stringify(event).length < bytes)
    event.data.object.lines.push({
      id: `il_${randomUUID()}`,
      description: randomBytes(180).toString('base64'),
    })
  return JSON.stringify(event)
}

/** https://docs.stripe.com/webhooks#verify-manually */
function signed(body: string): string {
  const timestamp = Math.floor(Date.now() / 1_000)
  const signature = createHmac('sha256', webhookSecret).update(`${timestamp}.${body}`).digest('hex')
  return `t=${timestamp},v1=${signature}`
}
