const longestMs = 60_000

/**
 * How long a job that failed waits for its next try: doubles from a second up to a minute, a half of it by chance, so
 * that not all come back at once. Milliseconds.
 * @param made tries that failed so far
 */
export const backoffStrategy = (made: number): number =>
  Math.min(1_000 * 2 ** (made - 1), longestMs) * (0.5 + Math.random() / 2)
