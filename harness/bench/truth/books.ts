import { type ErrorClass, patience } from '@headroom/loadtests/wire/message.ts'
import { mean, sampleStandardDeviation } from 'simple-statistics'
import type { Behaviour, Reply } from './behaviours.ts'

/** What the target noted of one request. Epoch milliseconds. */
export type Entry = Pick<Reply, 'how' | 'is'> & {
  user: number
  /** When its step was due, as the generator says. */
  dueAt: number
  /** When it came. */
  at: number
  /** Null where there was none before the end. */
  firstByteAt: number | null
  /** Its last byte, or its hang-up; null for what was never answered. */
  endedAt: number | null
}

export type Books = {
  /** In the order in which they came. */
  entries: Entry[]
  stalled: { from: number; to: number } | null
}

/** A run's figures, as the generator told them or as they were. Milliseconds, from when a step was due. */
export type Figures = {
  requests: number
  errors: Partial<Record<ErrorClass, number>>
  p50: number
  p95: number
  p99: number
  /** Of the first byte. */
  ttfbP95: number
}

export type Truth = Figures & {
  /** How late requests came for which neither a stall nor a handshake of the target was to blame: p99. */
  lateP99: number
  /** From when a user had an answer until their next step was due. */
  pause: { mean: number; standardError: number }
}

/**
 * What a true generator tells of the run that left these books.
 *
 * A request that came twice is one that something between user and target repeated: its user sent one, and waited
 * from the first until the last byte of the last; whatever happened to the first happened to the user.
 * A request that was never answered was waited for until the users' patience ended.
 */
export function truthOf({ entries, stalled }: Books, { handshake = 0 }: Behaviour): Truth {
  const asked = [...Map.groupBy(entries, ({ user, dueAt }) => `${user} ${dueAt}`).values()]
  const errors: Figures['errors'] = {}
  for (const attempts of asked) {
    const { is } = attempts.find((attempt) => attempt.is !== 'good') ?? (attempts[0] as Entry)
    if (is !== 'good') errors[is] = (errors[is] ?? 0) + 1
  }
  const waits = asked.map((attempts) => waitOf(attempts.at(-1) as Entry))
  const latencies = waits.map(({ latency }) => latency)
  const late = entries.map(({ at, dueAt }) => {
    const stood = stalled && at >= stalled.to ? Math.max(0, stalled.to - Math.max(dueAt, stalled.from)) : 0
    return Math.max(0, at - dueAt - stood - handshake)
  })
  return {
    requests: asked.length,
    errors,
    p50: percentile(latencies, 0.5),
    p95: percentile(latencies, 0.95),
    p99: percentile(latencies, 0.99),
    ttfbP95: percentile(
      waits.map(({ ttfb }) => ttfb),
      0.95,
    ),
    lateP99: percentile(late, 0.99),
    pause: pauseIn(entries),
  }
}

function waitOf({ dueAt, firstByteAt, endedAt }: Entry): { latency: number; ttfb: number } {
  const latency = endedAt === null ? patience : endedAt - dueAt
  return { latency, ttfb: firstByteAt === null ? latency : firstByteAt - dueAt }
}

/**
 * Pauses that began in the first half of the run, since those that were still going on at its end are the long ones,
 * and nobody knows how long.
 */
function pauseIn(entries: readonly Entry[]): Truth['pause'] {
  const dues = entries.map(({ dueAt }) => dueAt)
  const half = (Math.min(...dues) + Math.max(...dues)) / 2
  const pauses = [...Map.groupBy(entries, ({ user }) => user).values()].flatMap((ofUser) =>
    ofUser.flatMap(({ endedAt, dueAt }, place) => {
      const next = ofUser[place + 1]
      return next && next.dueAt !== dueAt && endedAt !== null && endedAt < half ? [next.dueAt - endedAt] : []
    }),
  )
  if (pauses.length < 2) return { mean: Number.NaN, standardError: Number.NaN }
  return { mean: mean(pauses), standardError: sampleStandardDeviation(pauses) / Math.sqrt(pauses.length) }
}

/** Nearest rank, of the values themselves. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(1, Math.ceil(sorted.length * share)) - 1] ?? 0
}
