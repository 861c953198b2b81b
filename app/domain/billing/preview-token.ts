import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { runtime } from '../runtime.ts'
import { Terms } from './terms.ts'

const Shown = Terms.extend({
  organisation: z.string(),
  /** By when prorations were reckoned: seconds since 1970, by Stripe's clock. Null where there are none. */
  at: z.number().int().nullable(),
  /** Of all that was shown. */
  digest: z.string(),
  /** Milliseconds since 1970, by our clock. */
  until: z.number().int(),
})
/** What somebody was shown before they change: they pay that, or nothing. */
export type Shown = z.infer<typeof Shown>

/** Signed: by a time of one's own choice one would pay for less of the period. */
export function sealed(shown: Shown): string {
  const body = Buffer.from(JSON.stringify(shown)).toString('base64url')
  return `${body}.${signatureOf(body)}`
}

/** @returns null for what was not signed here */
export function opened(token: string): Shown | null {
  const [body = '', signature = '', ...more] = token.split('.')
  if (more.length > 0) return null
  const [given, right] = [Buffer.from(signature), Buffer.from(signatureOf(body))]
  if (given.length !== right.length || !timingSafeEqual(given, right)) return null
  return Shown.parse(JSON.parse(Buffer.from(body, 'base64url').toString()))
}

/** By a secret that every process has where payments are on; whoever knows it can charge what they like anyway. */
function signatureOf(body: string): string {
  const secret = runtime().env.STRIPE_SECRET_KEY ?? ''
  return createHmac('sha256', secret).update(`preview of a change of plan ${body}`).digest('base64url')
}
