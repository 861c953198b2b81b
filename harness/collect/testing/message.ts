import { type Flow, type Message, noFlow, type RouteIncrement } from '@headroom/loadtests/wire/message.ts'

/** What one VU posts that has nothing to tell. */
export const emptyMessage: Message = {
  vu: 1,
  sequence: 0,
  final: false,
  startedAt: 0,
  activeUsers: 0,
  inFlight: 0,
  queued: 0,
  streams: 0,
  lostUsers: 0,
  lag: {},
  late: {},
  waits: {},
  flow: {},
  routes: [],
  groups: [],
  probes: 0,
  leaked: 0,
  leaks: [],
  examples: [],
}

export const emptyIncrement: Omit<RouteIncrement, 'route' | 'phase' | 'window'> = {
  latency: [],
  ttfb: [],
  errors: {},
  over: { ttfb: 0, latency: 0 },
  waited: { ttfb: [], latency: [], without: { ttfb: [], latency: [] } },
}

export const emptyFlow: Flow = noFlow()
