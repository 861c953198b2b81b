import http from 'k6/http'
import { type Buckets, bucketOf } from '../wire/histogram.ts'
import {
  type ErrorClass,
  type Example,
  type Flow,
  type Message,
  messageTimeout,
  noFlow,
  type Over,
  type Phase,
  type RouteIncrement,
  type RouteLimit,
} from '../wire/message.ts'
import type { Run } from './options.ts'

/** What a request took, from when it was due: milliseconds. */
export type Sample = {
  latency: number
  ttfb: number
  error: ErrorClass | null
  /** The wait for one of the generator's own connections, which is a part of both. */
  waited: number
}

type RouteTally = {
  latency: Buckets
  ttfb: Buckets
  errors: Partial<Record<ErrorClass, number>>
  over: Over
  waited: RouteIncrement['waited']
}
type GroupTally = { latency: Buckets; errors: number }

/** What was due in one stretch of one stage. */
type Stretch = {
  phase: Phase
  window: number
  routes: Map<string, RouteTally>
  groups: Map<string, GroupTally>
}

const leaksKept = 5
/** Of one VU in all. */
const examplesKept = 50

const noTally = (): RouteTally => ({
  latency: [],
  ttfb: [],
  errors: {},
  over: { ttfb: 0, latency: 0 },
  waited: { ttfb: [], latency: [], without: { ttfb: [], latency: [] } },
})

type Told = Pick<
  Message,
  'lag' | 'late' | 'waits' | 'flow' | 'routes' | 'groups' | 'probes' | 'leaked' | 'leaks' | 'examples'
>

/** What this VU saw since its last message. */
export class Increments {
  #stretches: Stretch[] = []
  /** Nearly always the one that the next answer belongs to as well. */
  #latest: Stretch | undefined
  #lag: Record<Phase, Buckets> = {}
  #late: Record<Phase, number> = {}
  #waits: Record<Phase, Buckets> = {}
  #flow: Record<Phase, Flow> = {}
  #probes = 0
  #leaked = 0
  #leaks: Message['leaks'] = []
  #examples: Example[] = []
  /** Those that were told already. */
  readonly #exemplified = new Set<string>()
  #sequence = 0

  /** @param most what the generator may be late by */
  lag(phase: Phase, milliseconds: number, most: number): void {
    pushTo(this.#lag, phase, bucketOf(milliseconds))
    if (milliseconds > most) this.#late[phase] = (this.#late[phase] || 0) + 1
  }

  flow(phase: Phase): Flow {
    let flow = this.#flow[phase]
    if (!flow) {
      flow = noFlow()
      this.#flow[phase] = flow
    }
    return flow
  }

  /**
   * @param window the stretch of the run in which it was due
   * @param groups the kinds of people that the asker is one of
   * @param limit of the route, where it has one
   */
  answer(
    phase: Phase,
    window: number,
    route: string,
    groups: readonly string[],
    { latency, ttfb, error, waited }: Sample,
    limit: RouteLimit | undefined,
  ): void {
    const stretch = this.#stretch(phase, window)
    let tally = stretch.routes.get(route)
    if (!tally) {
      tally = noTally()
      stretch.routes.set(route, tally)
    }
    const bucket = bucketOf(latency)
    tally.latency.push(bucket)
    tally.ttfb.push(bucketOf(ttfb))
    if (limit) {
      if (ttfb >= limit.ttfb) tally.over.ttfb++
      if (latency >= limit.latency) tally.over.latency++
    }
    if (waited > 0) {
      tally.waited.ttfb.push(bucketOf(ttfb))
      tally.waited.latency.push(bucket)
      tally.waited.without.ttfb.push(bucketOf(ttfb - waited))
      tally.waited.without.latency.push(bucketOf(latency - waited))
      pushTo(this.#waits, phase, bucketOf(waited))
    }
    if (error) tally.errors[error] = (tally.errors[error] || 0) + 1
    for (let place = 0; place < groups.length; place++) {
      const group = groups[place] as string
      let ofGroup = stretch.groups.get(group)
      if (!ofGroup) {
        ofGroup = { latency: [], errors: 0 }
        stretch.groups.set(group, ofGroup)
      }
      ofGroup.latency.push(bucket)
      if (error) ofGroup.errors++
    }
  }

  /** Keeps the first of its kind. @param make called only then */
  example(route: string, error: ErrorClass, make: () => Omit<Example, 'route' | 'class'>): void {
    const key = `${error} ${route}`
    if (this.#exemplified.has(key) || this.#exemplified.size >= examplesKept) return
    this.#exemplified.add(key)
    this.#examples.push({ route, class: error, ...make() })
  }

  #stretch(phase: Phase, window: number): Stretch {
    if (this.#latest?.window === window && this.#latest.phase === phase) return this.#latest
    let stretch = this.#stretches.find((each) => each.window === window && each.phase === phase)
    if (!stretch) {
      stretch = { phase, window, routes: new Map(), groups: new Map() }
      this.#stretches.push(stretch)
    }
    this.#latest = stretch
    return stretch
  }

  probe(): void {
    this.#probes++
  }

  leak(leak: Message['leaks'][number]): void {
    this.#leaked++
    if (this.#leaks.length < leaksKept) this.#leaks.push(leak)
  }

  /** Posts what has come together. One that fails is a gap in the sequence, which makes the run invalid. */
  async post(
    { collector, collectorToken }: Pick<Run, 'collector' | 'collectorToken'>,
    now: Omit<Message, 'sequence' | keyof Told>,
  ): Promise<void> {
    const message: Message = { ...now, sequence: this.#sequence++, ...this.#take() }
    await http.asyncRequest('POST', collector, JSON.stringify(message), {
      headers: {
        'Content-Type': 'application/json',
        ...(collectorToken === '' ? {} : { Authorization: `Bearer ${collectorToken}` }),
      },
      tags: { name: 'collector' },
      timeout: messageTimeout,
    })
  }

  #take(): Told {
    const routes: Message['routes'] = []
    const groups: Message['groups'] = []
    for (const { phase, window, routes: ofRoutes, groups: ofGroups } of this.#stretches) {
      ofRoutes.forEach((tally, route) => void routes.push({ phase, window, route, ...tally }))
      ofGroups.forEach((tally, group) => void groups.push({ phase, group, ...tally }))
    }
    const told: Told = {
      lag: this.#lag,
      late: this.#late,
      waits: this.#waits,
      flow: this.#flow,
      routes,
      groups,
      probes: this.#probes,
      leaked: this.#leaked,
      leaks: this.#leaks,
      examples: this.#examples,
    }
    this.#stretches = []
    this.#latest = undefined
    this.#lag = {}
    this.#late = {}
    this.#waits = {}
    this.#flow = {}
    this.#probes = 0
    this.#leaked = 0
    this.#leaks = []
    this.#examples = []
    return told
  }
}

function pushTo(all: Record<Phase, Buckets>, phase: Phase, bucket: number): void {
  const buckets = all[phase]
  if (buckets) buckets.push(bucket)
  else all[phase] = [bucket]
}
