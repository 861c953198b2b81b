import { Ratelimit } from '@upstash/ratelimit'
import { Redis as UpstashRedis } from '@upstash/redis'
import type { Redis } from 'ioredis'
import { within } from '../within.ts'
import type { Limit } from './classes.ts'
import { ScriptRunner } from './script-runner.ts'

export type LimitVerdict = {
  allowed: boolean
  /** Requests in a window. */
  limit: number
  remaining: number
  /** When the window ends, in milliseconds since 1970. */
  resetAt: number
  retryAfterSeconds: number
  /** False when the store did not answer and the request was let through. */
  decided: boolean
}

export type Limiter = {
  /** Counts a request against every limit; all must allow it. @returns the tightest */
  check(limits: readonly Limit[]): Promise<LimitVerdict>
}

export type LimiterOptions = {
  redis: Redis
  /** Upstash over REST instead, for platforms without sockets. */
  rest?: { url: string; token: string } | undefined
  /** How long a request waits for the store before it is let through, in milliseconds. */
  patienceMs?: number
  onUnavailable?: (error: unknown) => void
}

const prefix = 'limit'
/** After the store failed: one request in this time tries again, the others go through at once. */
const pauseMs = 1_000
const undecided: LimitVerdict = {
  ...{ allowed: true, limit: 0, remaining: 0, resetAt: 0, retryAfterSeconds: 0 },
  decided: false,
}

/**
 * Sliding windows in Redis, shared by all processes; see docs/decisions/007 for what happens without it. A request
 * that one limit refuses is counted against the others as well: they are asked at once, in one round trip.
 */
export function createLimiter(options: LimiterOptions): Limiter {
  const { redis, rest, patienceMs = 250, onUnavailable = () => {} } = options
  // Auto-pipelining puts what is asked in one tick into one request; ioredis does the same by its own option.
  const store = rest
    ? new UpstashRedis({ ...rest, enableAutoPipelining: true, enableTelemetry: false, retry: false })
    : (new ScriptRunner(redis) as unknown as UpstashRedis)
  const windows = new Map<string, Ratelimit>()
  let closedUntil = 0

  function windowOf({ requests, windowSeconds }: Limit): Ratelimit {
    const name = `${requests}/${windowSeconds}`
    let window = windows.get(name)
    if (!window) {
      const limiter = Ratelimit.slidingWindow(requests, `${windowSeconds} s`)
      // Its own patience would hide whether it was an answer: ours tells.
      window = new Ratelimit({ redis: store, limiter, prefix, timeout: 0, ephemeralCache: false })
      windows.set(name, window)
    }
    return window
  }

  return {
    async check(limits) {
      if (limits.length === 0 || Date.now() < closedUntil) return undecided
      try {
        const asked = limits.map((limit) => windowOf(limit).limit(limit.key))
        const answers = await within(patienceMs, Promise.all(asked))
        return tightest(
          answers.map(({ success, limit, remaining, reset }) => ({ success, limit, remaining, reset })),
        )
      } catch (error) {
        closedUntil = Date.now() + pauseMs
        onUnavailable(error)
        return undecided
      }
    },
  }
}

type Answer = { success: boolean; limit: number; remaining: number; reset: number }

function tightest(answers: Answer[]): LimitVerdict {
  const [first] = answers.sort(
    (a, b) => Number(a.success) - Number(b.success) || a.remaining / a.limit - b.remaining / b.limit,
  ) as [Answer]
  return {
    allowed: first.success,
    limit: first.limit,
    remaining: Math.max(0, first.remaining),
    resetAt: first.reset,
    retryAfterSeconds: Math.max(1, Math.ceil((first.reset - Date.now()) / 1000)),
    decided: true,
  }
}
