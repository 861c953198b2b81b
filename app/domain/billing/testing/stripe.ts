import { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import { startSandbox } from '@headroom/payments-sandbox/server.ts'
import Stripe from 'stripe'
import { ensureCatalogue } from '../catalogue.ts'

/** Starts a payments sandbox that has Worklane's prices, and makes it this process' Stripe. The test closes it. */
export async function startStripe(options: Parameters<typeof startSandbox>[0]) {
  const sandbox = await startSandbox(options)
  const { host, port, secretKey, origin } = sandbox
  process.env.STRIPE_SECRET_KEY = secretKey
  process.env.STRIPE_API_URL = origin
  const stripe = new Stripe(secretKey, { host, port, protocol: 'http', maxNetworkRetries: 0, timeout: 5_000 })
  await ensureCatalogue(stripe)
  return { sandbox, control: new SandboxControl(sandbox), stripe }
}
