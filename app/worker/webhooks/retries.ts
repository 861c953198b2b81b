const [second, minute, hour] = [1_000, 60_000, 3_600_000]

/** As Standard Webhooks proposes, within some 24 hours: between the tries there is ever more time. Milliseconds. */
export const pauses = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 6 * hour] as const

/** A tenth more by chance: receivers that come back are not met by all at once. */
const jitter = 0.1

/**
 * How long a delivery waits after a try that failed; null after the last one. Milliseconds.
 * @param made tries since it was asked for, this one among them
 */
export function pauseAfter(made: number, chance: number = Math.random()): number | null {
  const pause = pauses[made - 1]
  return pause === undefined ? null : Math.round(pause * (1 + jitter * chance))
}

/** An endpoint that has taken nothing for so long is disabled. Days. */
export const failingDays = 5
