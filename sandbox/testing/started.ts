import Stripe from 'stripe'
import { afterAll, beforeAll } from 'vitest'
import { SandboxControl } from '../control/client.ts'
import { type RunningSandbox, type ServerOptions, startSandbox } from '../server.ts'

export type Started = { running: RunningSandbox; stripe: Stripe; control: SandboxControl }

/** A sandbox for the tests of a file, and the real SDK that talks to it. Its clock stands still. */
export function startedSandbox(options: ServerOptions = {}): Started {
  const started = {} as Started
  beforeAll(async () => {
    const running = await startSandbox({ seed: 'tests', frozen: true, ...options })
    Object.assign(started, {
      running,
      stripe: stripeOf(running),
      control: new SandboxControl(running),
    })
  })
  afterAll(() => started.running.close())
  return started
}

export const stripeOf = ({ host, port, secretKey }: RunningSandbox, more: Stripe.StripeConfig = {}): Stripe =>
  new Stripe(secretKey, { host, port, protocol: 'http', maxNetworkRetries: 0, telemetry: false, ...more })

/** A customer whose card is the one of a test token. */
export async function customerWith(
  stripe: Stripe,
  token: string,
  more: Stripe.CustomerCreateParams = {},
): Promise<string> {
  const { id } = await stripe.customers.create({ email: 'ada@example.com', ...more })
  const { id: card } = await stripe.paymentMethods.attach(token, { customer: id })
  await stripe.customers.update(id, { invoice_settings: { default_payment_method: card } })
  return id
}

/** A price for each seat. */
export async function seatPrice(
  stripe: Stripe,
  amount: number,
  interval: 'month' | 'year' = 'month',
): Promise<string> {
  const { id } = await stripe.prices.create({
    currency: 'usd',
    product_data: { name: 'Team' },
    recurring: { interval },
    unit_amount: amount,
  })
  return id
}

/** What Stripe's SDK threw. */
export async function refusal(
  work: Promise<unknown>,
): Promise<InstanceType<typeof Stripe.errors.StripeError>> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof Stripe.errors.StripeError) return error
  throw new Error(`the SDK threw no error of Stripe's: ${String(error)}`)
}
