import { StripeError } from './errors.ts'

export type Answer = { status: number; body: string; headers: Record<string, string> }

type Kept = { fingerprint: string; requestId: string; at: number; answer?: Answer }

/** Stripe forgets a key after 24 hours at the earliest: https://docs.stripe.com/api/idempotent_requests. Milliseconds. */
const keptFor = 24 * 60 * 60 * 1000

/** The answers that were given under each key. */
export class IdempotencyKeys {
  readonly #kept = new Map<string, Kept>()

  /**
   * @param fingerprint what was asked: the route and its parameters
   * @returns the answer that was given before, or undefined where the caller has to work and then call `settle`
   * @throws StripeError idempotency_error, or 409 while the first request is still under way
   */
  begin(key: string, fingerprint: string, requestId: string): (Answer & { requestId: string }) | undefined {
    const kept = this.#kept.get(key)
    if (!kept || Date.now() - kept.at > keptFor) {
      this.#kept.set(key, { fingerprint, requestId, at: Date.now() })
      return undefined
    }
    if (kept.fingerprint !== fingerprint)
      throw new StripeError(
        400,
        'idempotency_error',
        `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
      )
    if (!kept.answer)
      throw new StripeError(
        409,
        'idempotency_error',
        `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
        { code: 'idempotency_key_in_use' },
      )
    return { ...kept.answer, requestId: kept.requestId }
  }

  /** @param answer undefined where nothing was begun, so that the same key may come again with other parameters */
  settle(key: string, answer: Answer | undefined): void {
    const kept = this.#kept.get(key)
    if (!kept) return
    if (answer) kept.answer = answer
    else this.#kept.delete(key)
  }
}
