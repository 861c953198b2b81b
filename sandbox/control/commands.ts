import { z } from 'zod'

/** Forward to a time, or by some of it; `frozen` makes the clock stand still from then on, or go on. */
export const ClockCommand = z.strictObject({
  to: z.int().optional(),
  months: z.int().min(0).optional(),
  days: z.int().min(0).optional(),
  seconds: z.int().min(0).optional(),
  frozen: z.boolean().optional(),
})
export type ClockCommand = z.infer<typeof ClockCommand>

/** See core/settings.ts. */
export const SettingsCommand = z.strictObject({
  retryDays: z.array(z.int().positive()).optional(),
  afterRetries: z.enum(['canceled', 'past_due', 'unpaid']).optional(),
  upcomingDays: z.int().min(1).optional(),
  quantityChangesAnHour: z.int().positive().nullable().optional(),
  taxes: z.boolean().optional(),
})
export type SettingsCommand = z.infer<typeof SettingsCommand>

/** What the holder of a card answers when a payment or setup intent waits for them. */
export const AuthenticateCommand = z.strictObject({
  intent: z.string(),
  confirmed: z.boolean().default(true),
})

export const DisputeCommand = z.strictObject({ charge: z.string(), reason: z.string().default('fraudulent') })

/** What somebody types on the checkout's page. */
export const CheckoutCommand = z.strictObject({
  session: z.string(),
  number: z.string().default('4242424242424242'),
  email: z.string().optional(),
  name: z.string().optional(),
})

export const ControlState = z.object({
  now: z.int(),
  isFrozen: z.boolean(),
  deliveries: z.object({ held: z.int(), sending: z.int(), retrying: z.int() }),
  settings: z.object({
    retryDays: z.array(z.int()),
    afterRetries: z.string(),
    upcomingDays: z.int(),
    quantityChangesAnHour: z.int().nullable(),
    taxes: z.boolean(),
  }),
})
export type ControlState = z.infer<typeof ControlState>

export const DeliveryLog = z.object({
  deliveries: z.array(
    z.object({
      event: z.string(),
      type: z.string(),
      endpoint: z.string(),
      attempt: z.int(),
      status: z.union([z.int(), z.literal('failed')]),
    }),
  ),
})

export const CheckoutOutcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('complete') }),
  z.object({ kind: z.literal('declined'), message: z.string() }),
  z.object({ kind: z.literal('authenticate'), intent: z.string() }),
])
export type CheckoutOutcome = z.infer<typeof CheckoutOutcome>
