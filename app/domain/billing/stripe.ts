import Stripe from 'stripe'
import { runtime } from '../runtime.ts'

/** The version that this code was written for and tested with; Stripe keeps answering in it. */
const apiVersion = '2026-10-28.endive'

let made: { key: string; client: Stripe } | undefined

/** Stripe, or its sandbox where STRIPE_API_URL says so; null where billing is off. */
export function stripe(): Stripe | null {
  const { STRIPE_SECRET_KEY: key, STRIPE_API_URL: url } = runtime().env
  if (key === undefined) return null
  if (made?.key !== key) made = { key, client: new Stripe(key, { ...common, ...at(url) }) }
  return made.client
}

const common = {
  apiVersion,
  typescript: true,
  telemetry: false,
  // Jobs try again by themselves, later and longer; who waits at a page should soon know.
  maxNetworkRetries: 1,
  timeout: 10_000,
  appInfo: { name: 'Worklane' },
} as const

function at(url: string | undefined) {
  if (url === undefined) return {}
  const { protocol, hostname, port } = new URL(url)
  const scheme = protocol === 'http:' ? 'http' : 'https'
  return { protocol: scheme, host: hostname, port: port || (scheme === 'http' ? 80 : 443) } as const
}
