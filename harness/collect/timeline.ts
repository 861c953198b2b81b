import { add, addAll, count, type Histogram, percentile } from '@headroom/loadtests/wire/histogram.ts'
import { type Message, messageTimeout, patience, windowWidth } from '@headroom/loadtests/wire/message.ts'
import { isWithin } from '../result/percentiles.ts'

/** A stretch of the run, whatever its phase: what was due in it. */
export type Window = {
  /** Milliseconds since the scenario began. */
  at: number
  users: number
  requests: number
  errors: number
  /** Over all routes. */
  p95: number
  routes: Record<string, RouteWindow>
}

type RouteWindow = {
  count: number
  ttfbP95: number
  /** How many had their first byte not below the limit of their route. */
  over: number
  errors: number
}

type Open = { users: number; routes: Map<string, { ttfb: Histogram; over: number; errors: number }> }

const mostWindows = 240
/** VUs tell what they saw so often. Milliseconds. */
const messageEvery = 1_000
/** What was due then may be told so much later at most. Milliseconds. */
const lateness = patience + messageEvery + messageTimeout

/**
 * What the run was like as time went by, each answer in the window in which it was due. A window is as wide as keeps
 * their number bounded, and its histograms are forgotten when nothing more can come of it.
 */
export class Timeline {
  readonly width: number
  readonly windows: Window[] = []
  readonly #open = new Map<number, Open>()
  readonly #users = new Map<number, number>()
  /** Windows below it are closed: what is told of them later, as of streams that were long open, comes too late. */
  #closed = 0

  /** @param length of the run, milliseconds */
  constructor(length: number) {
    this.width = Math.max(1, Math.ceil(length / mostWindows / windowWidth)) * windowWidth
  }

  /** @param at when the message came, milliseconds since the scenario began */
  add(message: Message, at: number): void {
    this.#users.set(message.vu, message.activeUsers)
    this.#at(at).users = [...this.#users.values()].reduce((a, b) => a + b, 0)
    for (const { route, window, ttfb, over, errors } of message.routes) {
      if (this.#indexOf(window * windowWidth) < this.#closed) continue
      const { routes } = this.#at(window * windowWidth)
      const tally = routes.get(route) ?? { ttfb: new Map(), over: 0, errors: 0 }
      routes.set(route, tally)
      add(tally.ttfb, ttfb)
      tally.over += over.ttfb
      for (const n of Object.values(errors)) tally.errors += n
    }
    this.#closeUntil(Math.floor((at - lateness) / this.width))
  }

  close(): void {
    this.#closeUntil(Number.POSITIVE_INFINITY)
  }

  #indexOf(time: number): number {
    return Math.max(0, Math.floor(time / this.width))
  }

  #at(time: number): Open {
    const index = this.#indexOf(time)
    const open = this.#open.get(index) ?? { users: 0, routes: new Map() }
    this.#open.set(index, open)
    return open
  }

  #closeUntil(end: number): void {
    this.#closed = Math.max(this.#closed, end)
    for (const index of [...this.#open.keys()].sort((a, b) => a - b)) {
      if (index >= end) return
      const { users, routes } = this.#open.get(index) as Open
      this.#open.delete(index)
      const all: Histogram = new Map()
      const told: Window['routes'] = {}
      let errors = 0
      for (const [route, tally] of routes) {
        addAll(all, tally.ttfb)
        errors += tally.errors
        const ttfbP95 = percentile(tally.ttfb, 0.95)
        told[route] = { count: count(tally.ttfb), ttfbP95, over: tally.over, errors: tally.errors }
      }
      const before = this.windows.at(-1)?.users ?? 0
      this.windows.push({
        at: index * this.width,
        errors,
        routes: told,
        // Nobody told anything in it: as many as before.
        users: users || before,
        requests: count(all),
        p95: percentile(all, 0.95),
      })
    }
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
    const late = Object.entries(window.routes).flatMap(([route, { count, ttfbP95, over }]) => {
      const limit = limitOf(route)
      if (limit === undefined || count < fewest || isWithin(over, count, limit)) return []
      return [{ route, ttfbP95: Math.max(ttfbP95, limit), limit }]
    })
    return late.sort((a, b) => b.ttfbP95 / b.limit - a.ttfbP95 / a.limit)[0]
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
