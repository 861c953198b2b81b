import { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import { startSandbox } from '@headroom/payments-sandbox/server.ts'
import { ensureCatalogue } from '@worklane/domain/billing/catalogue.ts'
import Stripe from 'stripe'
import { partNames, type StackOptions, startStack } from '../../../harness/stack/stack.ts'
import { asAdministrator } from '../../domain/testing/tenants.ts'

export type PaidStack = Awaited<ReturnType<typeof startPaidStack>>

/** A stack whose Stripe is a payments sandbox of this process, which tells it of everything. */
export async function startPaidStack(
  population: StackOptions['population'],
  options: Parameters<typeof startSandbox>[0],
) {
  const sandbox = await startSandbox(options)
  const { host, port, secretKey } = sandbox
  const stripe = new Stripe(secretKey, { host, port, protocol: 'http' })
  await ensureCatalogue(stripe)
  const stack = await startStack({
    population,
    parts: partNames.filter((part) => part !== 'prometheus'),
    env: {
      STRIPE_SECRET_KEY: secretKey,
      STRIPE_API_URL: sandbox.origin,
      STRIPE_WEBHOOK_SECRETS: webhookSecret,
      RATE_LIMIT_PATIENCE_MS: '10000',
    },
  }).catch(async (error: unknown) => {
    await sandbox.close()
    throw error
  })
  process.env.DATABASE_URL = stack.env.DATABASE_URL
  const url = `${stack.origin}/webhooks/stripe`
  const endpoint = await stripe.webhookEndpoints.create({ url, enabled_events: ['*'] })
  sandbox.sandbox.endpointSecrets.set(endpoint.id, webhookSecret)
  return {
    sandbox,
    control: new SandboxControl(sandbox),
    stripe,
    stack,
    /** Asked as the database's owner. */
    sql: (text: string) => asAdministrator(async (client) => (await client.query(text)).rows),
    async stop() {
      await stack.stop()
      await sandbox.close()
    },
  }
}

const webhookSecret = 'whsec_of_the_tests'
