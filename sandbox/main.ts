import { z } from 'zod'
import { startSandbox } from './server.ts'

/** A process of its own, told by its environment; `pnpm sandbox` is for people. */
const Environment = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  STRIPE_SECRET_KEY: z.string().startsWith('sk_test_').optional(),
  SANDBOX_CONTROL_KEY: z.string().min(16).optional(),
  /** Makes ids and random choices repeatable. */
  SANDBOX_SEED: z.string().optional(),
  /** Where its clock stands at the start, in epoch seconds; now unless given. */
  SANDBOX_START: z.coerce.number().int().positive().optional(),
  /** The clock stands still until it is moved. */
  SANDBOX_FROZEN: z.enum(['0', '1']).default('0'),
  /** Where its pages are for those outside. */
  SANDBOX_ORIGIN: z.url({ protocol: /^https?$/ }).optional(),
  /** Where it delivers events, signed with this secret: all, or the types that are given with commas. */
  SANDBOX_WEBHOOK_URL: z.url({ protocol: /^https?$/ }).optional(),
  SANDBOX_WEBHOOK_EVENTS: z.string().min(1).optional(),
  STRIPE_WEBHOOK_SECRET: z.string().startsWith('whsec_').optional(),
})

const read = Environment.safeParse(process.env)
if (!read.success) {
  console.error(`the payments sandbox cannot start: ${z.prettifyError(read.error)}`)
  process.exit(64)
}
const env = read.data
const { origin, secretKey, controlKey, webhookSecrets, close } = await startSandbox({
  host: env.HOST,
  port: env.PORT,
  frozen: env.SANDBOX_FROZEN === '1',
  ...(env.STRIPE_SECRET_KEY ? { secretKey: env.STRIPE_SECRET_KEY } : {}),
  ...(env.SANDBOX_CONTROL_KEY ? { controlKey: env.SANDBOX_CONTROL_KEY } : {}),
  ...(env.SANDBOX_SEED ? { seed: env.SANDBOX_SEED } : {}),
  ...(env.SANDBOX_START ? { start: env.SANDBOX_START } : {}),
  ...(env.SANDBOX_ORIGIN ? { origin: env.SANDBOX_ORIGIN } : {}),
  ...(env.SANDBOX_WEBHOOK_URL
    ? {
        webhooks: [
          {
            url: env.SANDBOX_WEBHOOK_URL,
            ...(env.SANDBOX_WEBHOOK_EVENTS ? { events: env.SANDBOX_WEBHOOK_EVENTS.split(',') } : {}),
            ...(env.STRIPE_WEBHOOK_SECRET ? { secret: env.STRIPE_WEBHOOK_SECRET } : {}),
          },
        ],
      }
    : {}),
})
// One line that another program can read.
console.log(JSON.stringify({ origin, secretKey, controlKey, webhookSecrets }))
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void close().then(() => process.exit(0)))
