const [second, minute, hour] = [1_000, 60_000, 3_600_000]

/** As Standard Webhooks proposes, within some 24 hours: between the tries there is ever more time. Milliseconds. */
export const pauses = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 6 * hour] as const

/** A tenth more by chance: receivers that come back are not met by all at once. */
const jitter = 0.1

/**
 * How long a delivery waits after a try that failed; null after the last one. Milliseconds.
 * @param made tries since it was asked for, this one among them
 * @param asked what the receiver asked for, in milliseconds; it is never sooner than that, nor put off for longer than `longestAsked`
 */
export function pauseAfter(
  made: number,
  asked: number | null = null,
  chance: number = Math.random(),
): number | null {
  const pause = pauses[made - 1]
  if (pause === undefined) return null
  return Math.round(Math.max(pause, Math.min(asked ?? 0, longestAsked)) * (1 + jitter * chance))
}

/** However long a receiver wants to be left alone. Milliseconds. */
const longestAsked = 6 * hour

/**
 * What a `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3). Milliseconds; null where it is none of both.
 * @param status of the answer: it says so of 429 and 503
 */
export function askedPause(
  status: number,
  header: string | undefined,
  now: number = Date.now(),
): number | null {
  if ((status !== 429 && status !== 503) || header === undefined) return null
  if (/^\d+$/.test(header.trim())) return Number(header) * second
  // Node would take much for a date.
  const until = /^\s*[A-Za-z]{3,9}, /.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(until) ? null : Math.max(0, until - now)
}

/** An endpoint that has taken nothing for so long is disabled. Days. */
export const failingDays = 5
