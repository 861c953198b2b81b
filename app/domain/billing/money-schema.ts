import { z } from 'zod'

export const Money = z.object({
  /** In minor units of the currency. */
  amount: z.number().int(),
  currency: z.string().regex(/^[a-z]{3}$/),
})
