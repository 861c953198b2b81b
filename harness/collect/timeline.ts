import { add, count, type Histogram, percentile } from '@headroom/loadtests/wire/histogram.ts'
import type { Message } from '@headroom/loadtests/wire/message.ts'

/** A stretch of the run, whatever its phase. */
export type Window = {
  /** Milliseconds since the scenario began. */
  at: number
  users: number
  requests: number
  errors: number
  /** Over all routes. */
  p95: number
  routes: Record<string, { count: number; ttfbP95: number; errors: number }>
}

type Open = {
  index: number
  users: Map<number, number>
  routes: Map<string, { ttfb: Histogram; errors: number }>
}

const mostWindows = 240
const narrowest = 5_000

/**
 * What the run was like as time went by. A window is as wide as keeps their number bounded, and its histograms are
 * forgotten when it closes.
 */
export class Timeline {
  readonly width: number
  readonly windows: Window[] = []
  #open: Open | null = null
  readonly #users = new Map<number, number>()

  /** @param length of the run, milliseconds */
  constructor(length: number) {
    this.width = Math.max(narrowest, Math.ceil(length / mostWindows / 1_000) * 1_000)
  }

  /** @param at when the message came, milliseconds since the scenario began */
  add(message: Message, at: number): void {
    const index = Math.max(0, Math.floor(at / this.width))
    if (this.#open && index > this.#open.index) this.close()
    this.#open ??= { index, users: this.#users, routes: new Map() }
    this.#users.set(message.vu, message.activeUsers)
    for (const { route, ttfb, errors } of message.routes) {
      const tally = this.#open.routes.get(route) ?? { ttfb: new Map(), errors: 0 }
      this.#open.routes.set(route, tally)
      add(tally.ttfb, ttfb)
      for (const n of Object.values(errors)) tally.errors += n
    }
  }

  close(): void {
    if (!this.#open) return
    const { index, routes, users } = this.#open
    this.#open = null
    const all: Histogram = new Map()
    const told: Window['routes'] = {}
    let errors = 0
    for (const [route, tally] of routes) {
      for (const [bucket, n] of tally.ttfb) all.set(bucket, (all.get(bucket) ?? 0) + n)
      errors += tally.errors
      told[route] = { count: count(tally.ttfb), ttfbP95: percentile(tally.ttfb, 0.95), errors: tally.errors }
    }
    this.windows.push({
      ...{ at: index * this.width, errors, routes: told },
      users: [...users.values()].reduce((a, b) => a + b, 0),
      requests: count(all),
      p95: percentile(all, 0.95),
    })
  }
}

export type FirstBreak = {
  /** Milliseconds since the scenario began. */
  at: number
  users: number
  route: string
  ttfbP95: number
  limit: number
  requestsPerSecond: number
}

/** Fewer say nothing of a window's percentile. */
const fewest = 20

/**
 * The first window in which a route broke its limit and in which it, or another, went on doing so: one alone may be
 * the machine's hiccup.
 * @param limitOf TTFB p95 of a route in ms
 */
export function firstBreak(
  { windows, width }: Pick<Timeline, 'windows' | 'width'>,
  limitOf: (route: string) => number | undefined,
): FirstBreak | null {
  const broken = windows.map((window) => {
    const over = Object.entries(window.routes).flatMap(([route, { count, ttfbP95 }]) => {
      const limit = limitOf(route)
      return limit !== undefined && count >= fewest && ttfbP95 >= limit ? [{ route, ttfbP95, limit }] : []
    })
    return over.sort((a, b) => b.ttfbP95 / b.limit - a.ttfbP95 / a.limit)[0]
  })
  const index = broken.findIndex((each, place) => each && broken[place + 1])
  const [worst, window] = [broken[index], windows[index]]
  if (!worst || !window) return null
  return {
    ...worst,
    at: window.at,
    users: window.users,
    requestsPerSecond: window.requests / (width / 1_000),
  }
}
