import { z } from 'zod'

/** What goes wrong with requests, on demand. */
export const Fault = z.strictObject({
  /**
   * rate_limit: 429. error: 500, nothing was done. slow: answered late. timeout: done, and never answered.
   * hang: not done and never answered. disconnect: the connection is cut, nothing was done.
   */
  kind: z.enum(['rate_limit', 'error', 'slow', 'timeout', 'hang', 'disconnect']),
  /** For how many requests; for good unless given. */
  requests: z.int().positive().optional(),
  /** For which share of them, from 0 to 1; for all unless given. */
  share: z.number().min(0).max(1).default(1),
  /** Only for routes that begin so, for example "POST /v1/subscriptions". */
  route: z.string().default(''),
  /** rate_limit: only what is more than so many in a second. */
  perSecond: z.int().positive().optional(),
  /** How late a slow answer is. */
  milliseconds: z.int().positive().default(1_000),
})
export type Fault = z.infer<typeof Fault>

export class Faults {
  #faults: Fault[] = []
  readonly #share: () => number
  #second = { start: 0, requests: 0 }

  /** @param share draws a number from 0 to 1 */
  constructor(share: () => number) {
    this.#share = share
  }

  set(faults: readonly Fault[]): void {
    this.#faults = faults.map((fault) => ({ ...fault }))
    this.#second = { start: 0, requests: 0 }
  }

  /** What befalls this request, and counts it. */
  next(route: string): Fault | undefined {
    const rate = this.#rate()
    const fault = this.#faults.find(
      (one) => route.startsWith(one.route) && rate > (one.perSecond ?? 0) && this.#share() < one.share,
    )
    if (fault?.requests !== undefined && --fault.requests === 0)
      this.#faults = this.#faults.filter((one) => one !== fault)
    return fault
  }

  /** How many requests came in this second, with this one. */
  #rate(): number {
    const start = Math.floor(Date.now() / 1_000)
    this.#second = { start, requests: start === this.#second.start ? this.#second.requests + 1 : 1 }
    return this.#second.requests
  }
}
