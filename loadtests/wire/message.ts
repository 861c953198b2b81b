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
}

/** All requests of one kind of people, whatever the route: `persona viewer`, `tier whale`. */
export type GroupIncrement = {
  group: string
  phase: Phase
  latency: Buckets
  errors: number
}

/** What Little's law needs of a phase, added up over users: milliseconds, and steps that ended in it. */
export type Flow = { present: number; responding: number; thinking: number; steps: number }

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
  flow: Record<Phase, Flow>
  routes: RouteIncrement[]
  groups: GroupIncrement[]
  /** Bodies looked through for other tenants' canaries. */
  probes: number
  /** At most a few, as proof: what was seen, where, by whom. */
  leaks: { route: string; user: number; canary: string }[]
}
