import { percent } from '../result/figures.ts'
import { plainTable } from '../result/table.ts'
import { amount, megabytes, time } from '../result/words.ts'

/** What a generator's process costs while it plays so many users against a server that does nothing. */
export type Cost = {
  generator: string
  users: number
  requestsPerSecond: number
  cpuMsPerRequest: number
  rssBytes: number
  /** p99, where the generator can tell. */
  lagMs: number | null
  /** Why there are no figures, or null. */
  missing: string | null
}

export type Work = { users: number; thinkMs: number; rampMs: number; durationMs: number }

/** For a generator that could not be had, and why. */
export const costsNothing = (generator: string, missing: string): Cost => ({
  generator,
  missing,
  users: 0,
  requestsPerSecond: 0,
  cpuMsPerRequest: 0,
  rssBytes: 0,
  lagMs: null,
})

/**
 * A row for each. Milliseconds are as fast as the machine is, which changes twofold from one day to the next; what
 * can be compared between machines is the share of what Locust takes for the same (docs/decisions/016).
 */
export function tableOf(costs: readonly Cost[]): string {
  const measure = costs.find(({ generator, missing }) => generator === 'Locust' && !missing)?.cpuMsPerRequest
  const table = plainTable(
    [
      'generator',
      'users',
      'requests/s',
      'CPU a request',
      'of Locust’s',
      'memory',
      'memory a user',
      'late, p99',
    ],
    ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
  )
  for (const { generator, users, requestsPerSecond, cpuMsPerRequest, rssBytes, lagMs, missing } of costs) {
    if (missing) table.push([generator, { colSpan: 7, content: missing.slice(0, 80) }])
    else {
      table.push([
        ...[generator, amount(users), requestsPerSecond.toFixed(0), `${cpuMsPerRequest.toFixed(3)} ms`],
        measure ? percent(cpuMsPerRequest / measure, 0) : '—',
        ...[
          megabytes(rssBytes),
          `${(rssBytes / users / 1024).toFixed(1)} KB`,
          lagMs === null ? '—' : time(lagMs),
        ],
      ])
    }
  }
  return table.toString()
}
