import { z } from 'zod'

/** How events are delivered, on demand. As Stripe does it on a good day, unless given. */
export const DeliveryOptions = z.strictObject({
  /** How often each is sent; a number between the two, drawn anew each time. */
  copies: z
    .strictObject({ min: z.int().min(1), max: z.int().min(1) })
    .refine(({ min, max }) => min <= max, 'min is above max')
    .default({ min: 1, max: 1 }),
  /** Milliseconds before each is sent. */
  delay: z
    .strictObject({ min: z.int().min(0), max: z.int().min(0) })
    .refine(({ min, max }) => min <= max, 'min is above max')
    .default({ min: 0, max: 0 }),
  order: z.enum(['created', 'random']).default('created'),
  /** The share that is never sent, from 0 to 1. */
  drop: z.number().min(0).max(1).default(0),
  /** Keeps them back, to be released in one burst. */
  hold: z.boolean().default(false),
  /** How many are under way at once. */
  concurrency: z.int().min(1).max(1_000).default(16),
  /** How many begin in a second at most; null for as many as the endpoints take. */
  perSecond: z.number().positive().nullable().default(null),
  /** Milliseconds until an endpoint counts as one that does not answer. */
  timeout: z.int().min(1).default(30_000),
  /** stripe: for three days of the sandbox's clock. quick: after `first` milliseconds, then twice that, … */
  retries: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('stripe') }),
      z.strictObject({
        kind: z.literal('quick'),
        first: z.int().min(1).default(250),
        times: z.int().min(0).default(8),
      }),
    ])
    .default({ kind: 'stripe' }),
})
export type DeliveryOptions = z.infer<typeof DeliveryOptions>
