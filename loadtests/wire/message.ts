import type { Buckets } from './histogram.ts'

/** A stage of the run, or `drain` for what is left when it is over. */
export type Phase = string

/** Why a request did not give its user what was asked for. */
export const errorClasses = [
  'timeout',
  'connection',
  '5xx',
  /** Told to come back later: 429. */
  'limited',
  '4xx',
  'signed-out',
  'wrong-content',
  'leak',
  /** The generator itself could not: no port, no file left. It says nothing about the target. */
  'generator',
] as const
export type ErrorClass = (typeof errorClasses)[number]

/** A run is told in stretches of so many milliseconds. */
export const windowWidth = 5_000

/** Nobody waits longer than this from when a request was due, for a connection and the answer together. Milliseconds. */
export const patience = 30_000

/** How long a message to the collector may take. Milliseconds. */
export const messageTimeout = 10_000

/** What 95 of 100 requests of a route stay below, from when they were due: to the first byte, and to the last. Milliseconds. */
export type RouteLimit = { ttfb: number; latency: number }

/** Of a number of requests, those that were not below the limit: exact, where a histogram knows it within 0.5%. */
export type Over = { ttfb: number; latency: number }

/** One request of a kind of error, as an example. */
export type Example = {
  route: string
  class: ErrorClass
  /** Method and path; what a query calls a secret is left out. */
  request: string
  /** 0 when there was no answer. */
  status: number
  /** What was wrong, in words. */
  why: string
  /** The first bytes of the answer, where it was read. */
  body: string
}

export type RouteIncrement = {
  route: string
  phase: Phase
  /** The stretch of the run in which these were due, from 0. */
  window: number
  /** Milliseconds from due time to the last byte. */
  latency: Buckets
  /** Milliseconds from due time to the first byte. */
  ttfb: Buckets
  errors: Partial<Record<ErrorClass, number>>
  over: Over
  /**
   * Of those that waited for one of the generator's own connections: time to the first byte and to the last, and what
   * they would have been without that wait.
   */
  waited: { ttfb: Buckets; latency: Buckets; without: { ttfb: Buckets; latency: Buckets } }
}

/** All requests of one kind of people, whatever the route: `persona viewer`, `tier whale`. */
type GroupIncrement = {
  group: string
  phase: Phase
  latency: Buckets
  errors: number
}

/** What Little's law needs of a phase, added up over users: milliseconds, and steps that ended in it. */
export type Flow = {
  present: number
  responding: number
  thinking: number
  steps: number
  /** Of the steps that were due in it and have ended: how many, and how long by the latencies that were told of them. */
  ended: number
  told: number
  /** The same by the clock, from when they were due until the generator went on. */
  clock: number
}

export const noFlow = (): Flow => ({
  present: 0,
  responding: 0,
  thinking: 0,
  steps: 0,
  ended: 0,
  told: 0,
  clock: 0,
})

/** What one VU saw since its last message; sent about once a second. */
export type Message = {
  vu: number
  /** Counts from 0, so that a lost message is noticed. */
  sequence: number
  final: boolean
  /** Epoch milliseconds at which the scenario began. */
  startedAt: number
  activeUsers: number
  inFlight: number
  queued: number
  /** Live updates that are held open. */
  streams: number
  /** Users whose play ended with an error of ours. */
  lostUsers: number
  /** Milliseconds between due time and start, by phase. */
  lag: Record<Phase, Buckets>
  /** Starts that were later than the generator may be, by phase. */
  late: Record<Phase, number>
  /** Milliseconds that requests waited for one of the generator's own connections, by phase; those that did wait. */
  waits: Record<Phase, Buckets>
  flow: Record<Phase, Flow>
  routes: RouteIncrement[]
  groups: GroupIncrement[]
  /** Bodies looked through for other tenants' canaries. */
  probes: number
  /** Answers with another tenant's canary. */
  leaked: number
  /** At most a few of them, as proof: what was seen, where, by whom. */
  leaks: { route: string; user: number; canary: string }[]
  /** The first of each kind of error of each route. */
  examples: Example[]
}
