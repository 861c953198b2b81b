import { UsageError } from './usage.ts'

/**
 * @param option that gave it
 * @throws UsageError unless the address is one
 */
export function originOf(target: string, option = '--target'): string {
  const url = URL.canParse(target) ? new URL(target) : null
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `${option} ${target} is no URL`,
      'give an origin such as https://staging.example.com',
    )
  }
  return url.origin
}

/** @throws UsageError unless it is in the environment */
export function sessionSecretOf(reason: string): string {
  const { HEADROOM_SESSION_SECRET: secret } = process.env
  if (!secret)
    throw new UsageError(
      `HEADROOM_SESSION_SECRET is not set, and ${reason} needs sessions of its users`,
      'set it to the SEED_SESSION_SECRET that the target was seeded with',
    )
  return secret
}

/**
 * Of what an option names.
 * @param hasSecret whether a session can only be made with the secret
 * @throws UsageError where it is needed and not in the environment
 */
export const sessionSecretFor = (hasSecret: boolean, option: string): string =>
  hasSecret ? sessionSecretOf(option) : (process.env.HEADROOM_SESSION_SECRET ?? '')

/**
 * @param hasSecret whether a session can only be made with the secret
 * @param option that gave the address
 * @throws UsageError unless the address is one and answers
 */
export async function reachable(
  target: string,
  hasSecret: boolean,
  option = '--target',
): Promise<{ origin: string; sessionSecret: string }> {
  const origin = originOf(target, option)
  const sessionSecret = sessionSecretFor(hasSecret, option)
  await fetch(origin, { redirect: 'manual', signal: AbortSignal.timeout(10_000) }).catch((error: Error) => {
    const cause = error.cause instanceof Error ? error.cause.message : error.message
    throw new UsageError(
      `${option} ${origin} does not answer (${cause})`,
      'check the address, and that it is up',
    )
  })
  return { origin, sessionSecret }
}
