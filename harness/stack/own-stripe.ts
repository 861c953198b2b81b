import { UsageError } from '../plan/usage.ts'

const names = ['STRIPE_SECRET_KEY', 'STRIPE_API_URL', 'STRIPE_WEBHOOK_SECRETS']

/** The variables of the caller's own account at Stripe, of those that are set. */
export function givenOfStripe(): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name]
      return value ? [[name, value]] : []
    }),
  )
}

/**
 * The caller's own account at Stripe, for a database of theirs, whose customers it knows. Null where none is set.
 * @throws UsageError where it is set in part
 */
export function ownStripe(): Record<string, string> | null {
  const given = givenOfStripe()
  const [first] = Object.keys(given)
  if (first === undefined) return null
  if (!given.STRIPE_SECRET_KEY)
    throw new UsageError(
      `${first} is set and STRIPE_SECRET_KEY is not`,
      'set STRIPE_SECRET_KEY as well, or unset the others',
    )
  return given
}
