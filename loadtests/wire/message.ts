import type { Increments } from './histogram.ts'

export const phases = ['ramp', 'steady', 'drain'] as const
export type Phase = (typeof phases)[number]

/** Why a request did not give its user what was asked for. */
export const errorClasses = [
  'timeout',
  'connection',
  '5xx',
  '4xx',
  'signed-out',
  'wrong-content',
  'leak',
] as const
export type ErrorClass = (typeof errorClasses)[number]

export type RouteIncrement = {
  route: string
  phase: Phase
  /** Milliseconds from due time to the last byte. */
  latency: Increments
  /** Milliseconds from due time to the first byte. */
  ttfb: Increments
  errors: Partial<Record<ErrorClass, number>>
}

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
  /** Milliseconds between due time and start, by phase. */
  lag: Partial<Record<Phase, Increments>>
  routes: RouteIncrement[]
  /** Bodies looked through for other tenants' canaries. */
  probes: number
  /** At most a few, as proof: what was seen, where, by whom. */
  leaks: { route: string; user: number; canary: string }[]
}
