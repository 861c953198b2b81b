import http from 'k6/http'
import { bucketOf, encode, type Histogram, record, recordBucket } from '../wire/histogram.ts'
import type { ErrorClass, Flow, Message, Phase } from '../wire/message.ts'

type RouteTally = { latency: Histogram; ttfb: Histogram; errors: Partial<Record<ErrorClass, number>> }
type GroupTally = { latency: Histogram; errors: number }

const leaksKept = 5

/** One of a two-level map, made when it is not there: no key has to be put together for each request. */
function within<Value>(
  map: Map<string, Map<string, Value>>,
  outer: string,
  inner: string,
  make: () => Value,
) {
  let values = map.get(outer)
  if (!values) {
    values = new Map()
    map.set(outer, values)
  }
  let value = values.get(inner)
  if (!value) {
    value = make()
    values.set(inner, value)
  }
  return value
}

const noFlow = (): Flow => ({ present: 0, responding: 0, thinking: 0, steps: 0 })

/** What this VU saw since its last message. */
export class Increments {
  #routes = new Map<Phase, Map<string, RouteTally>>()
  #groups = new Map<Phase, Map<string, GroupTally>>()
  #lag: Record<Phase, Histogram> = {}
  #flow: Record<Phase, Flow> = {}
  #probes = 0
  #leaks: Message['leaks'] = []
  #sequence = 0

  lag(phase: Phase, milliseconds: number): void {
    let lag = this.#lag[phase]
    if (!lag) {
      lag = new Map()
      this.#lag[phase] = lag
    }
    record(lag, milliseconds)
  }

  flow(phase: Phase): Flow {
    let flow = this.#flow[phase]
    if (!flow) {
      flow = noFlow()
      this.#flow[phase] = flow
    }
    return flow
  }

  /** @param groups the kinds of people that the asker is one of */
  answer(
    phase: Phase,
    route: string,
    groups: readonly string[],
    times: { latency: number; ttfb: number },
    error: ErrorClass | null,
  ): void {
    const tally = within(
      this.#routes,
      phase,
      route,
      (): RouteTally => ({
        latency: new Map(),
        ttfb: new Map(),
        errors: {},
      }),
    )
    const bucket = bucketOf(times.latency)
    recordBucket(tally.latency, bucket)
    record(tally.ttfb, times.ttfb)
    if (error) tally.errors[error] = (tally.errors[error] || 0) + 1
    for (const group of groups) {
      const ofGroup = within(this.#groups, phase, group, () => ({ latency: new Map(), errors: 0 }))
      recordBucket(ofGroup.latency, bucket)
      if (error) ofGroup.errors++
    }
  }

  probe(): void {
    this.#probes++
  }

  leak(leak: Message['leaks'][number]): void {
    if (this.#leaks.length < leaksKept) this.#leaks.push(leak)
  }

  /** Posts what has come together. One that fails is a gap in the sequence, which makes the run invalid. */
  async post(
    collector: string,
    now: Omit<Message, 'sequence' | 'lag' | 'flow' | 'routes' | 'groups' | 'probes' | 'leaks'>,
  ): Promise<void> {
    const message: Message = { ...now, sequence: this.#sequence++, ...this.#take() }
    await http.asyncRequest('POST', collector, JSON.stringify(message), {
      headers: { 'Content-Type': 'application/json' },
      tags: { name: 'collector' },
      timeout: '10s',
    })
  }

  #take(): Pick<Message, 'lag' | 'flow' | 'routes' | 'groups' | 'probes' | 'leaks'> {
    const routes: Message['routes'] = []
    this.#routes.forEach((ofPhase, phase) => {
      ofPhase.forEach(({ latency, ttfb, errors }, route) => {
        routes.push({ phase, route, latency: encode(latency), ttfb: encode(ttfb), errors })
      })
    })
    const groups: Message['groups'] = []
    this.#groups.forEach((ofPhase, phase) => {
      ofPhase.forEach(({ latency, errors }, group) => {
        groups.push({ phase, group, latency: encode(latency), errors })
      })
    })
    const lag: Message['lag'] = {}
    for (const phase of Object.keys(this.#lag)) lag[phase] = encode(this.#lag[phase] as Histogram)
    const taken = { lag, flow: this.#flow, routes, groups, probes: this.#probes, leaks: this.#leaks }
    this.#routes = new Map()
    this.#groups = new Map()
    this.#lag = {}
    this.#flow = {}
    this.#probes = 0
    this.#leaks = []
    return taken
  }
}
