import { UsageError } from '../cli/usage.ts'

const names = ['STRIPE_SECRET_KEY', 'STRIPE_API_URL', 'STRIPE_WEBHOOK_SECRETS']

/**
 * The caller's own account at Stripe, which goes with a database of theirs: it knows its customers. Null where none is set.
 * @throws UsageError where it is set in part
 */
export function ownStripe(): Record<string, string> | null {
  const given = Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name]
      return value ? [[name, value]] : []
    }),
  )
  const [first] = Object.keys(given)
  if (first === undefined) return null
  if (!given.STRIPE_SECRET_KEY)
    throw new UsageError(
      `${first} is set and STRIPE_SECRET_KEY is not`,
      'set STRIPE_SECRET_KEY as well, or unset the others',
    )
  return given
}
