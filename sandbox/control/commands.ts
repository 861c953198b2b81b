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

/** `among`: of a random order, among how many neighbours each event is shuffled; all unless given. */
export const ReleaseCommand = z.strictObject({
  order: z.enum(['created', 'random']).optional(),
  among: z.int().min(1).optional(),
})

/** Customers who have subscribed, each with a card, one after the other. */
export const SubscribersCommand = z.strictObject({
  subscribers: z.array(
    z.strictObject({
      name: z.string(),
      email: z.email(),
      metadata: z.record(z.string(), z.string()).default({}),
      /** Where they are taxed, such as DE; without it nothing is. */
      country: z.string().length(2).optional(),
      /** What pays first, one of Stripe's test tokens. */
      card: z.string().default('pm_card_visa'),
      /** What is to pay from then on; the same unless given. */
      nextCard: z.string().optional(),
      /** The look-up key of what they subscribe to. */
      price: z.string(),
      quantity: z.int().min(1),
    }),
  ),
  /** How far the clock goes on from one to the next. */
  everySeconds: z.int().min(0).default(0),
})
export type SubscribersCommand = z.infer<typeof SubscribersCommand>

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
