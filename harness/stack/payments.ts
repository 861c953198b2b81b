import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { project } from '../project.ts'
import type { Guard } from './guard.ts'
import { answers, launch, type Part, untilReady } from './part.ts'

/** A payments sandbox of ours: where it is, and what opens it. */
export type Payments = { origin: string; secretKey: string; controlKey: string; webhookSecret: string }

/** What Worklane looks at, of all that Stripe tells of; docs/billing.md says what comes of each. */
const webhookEvents = [
  'checkout.session.completed',
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'customer.subscription.paused',
  'customer.subscription.resumed',
  'customer.subscription.trial_will_end',
  'invoice.finalized',
  'invoice.paid',
  'invoice.payment_failed',
  'invoice.payment_action_required',
  'invoice.voided',
  'invoice.marked_uncollectible',
  'invoice.updated',
  'charge.refunded',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
  'customer.updated',
  'customer.deleted',
]

/** Keys of a stack of its own, and of no other. */
export function paymentsOn(port: number): Payments {
  const secret = () => randomBytes(18).toString('hex')
  return {
    origin: `http://127.0.0.1:${port}`,
    secretKey: `sk_test_${secret()}`,
    controlKey: `control_${secret()}`,
    webhookSecret: `whsec_${secret()}`,
  }
}

/** What Worklane's processes are told of it. */
export const paymentsEnvironment = ({
  origin,
  secretKey,
  webhookSecret,
}: Payments): Record<string, string> => ({
  STRIPE_API_URL: origin,
  STRIPE_SECRET_KEY: secretKey,
  STRIPE_WEBHOOK_SECRETS: webhookSecret,
})

/**
 * Starts the payments sandbox, which delivers to Worklane.
 * @param options.start where its clock stands still at first, epoch seconds; it goes with the real one unless given
 * @param options.worklane where webhooks are taken
 */
export async function startPayments(
  guard: Guard,
  options: { payments: Payments; worklane: string; start?: number; logFile: string },
): Promise<Part> {
  const { payments, worklane, start, logFile } = options
  const part = launch(guard, {
    name: 'payments',
    command: process.execPath,
    args: [join(project, 'sandbox/main.ts')],
    cwd: project,
    env: {
      HOST: '127.0.0.1',
      PORT: new URL(payments.origin).port,
      STRIPE_SECRET_KEY: payments.secretKey,
      SANDBOX_CONTROL_KEY: payments.controlKey,
      SANDBOX_WEBHOOK_URL: `${worklane}/webhooks/stripe`,
      SANDBOX_WEBHOOK_EVENTS: webhookEvents.join(','),
      STRIPE_WEBHOOK_SECRET: payments.webhookSecret,
      ...(start === undefined ? {} : { SANDBOX_START: String(start), SANDBOX_FROZEN: '1' }),
    },
    logFile,
  })
  await untilReady(part, answers(`${payments.origin}/healthz`), 30)
  return part
}
