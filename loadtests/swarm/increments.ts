import http from 'k6/http'
import { type Buckets, bucketOf } from '../wire/histogram.ts'
import type { ErrorClass, Flow, Message, Phase } from '../wire/message.ts'
import type { Run } from './options.ts'

type RouteTally = { latency: Buckets; ttfb: Buckets; errors: Partial<Record<ErrorClass, number>> }
type GroupTally = { latency: Buckets; errors: number }

/** What was due in one stretch of one stage. */
type Stretch = {
  phase: Phase
  window: number
  routes: Map<string, RouteTally>
  groups: Map<string, GroupTally>
}

const leaksKept = 5

const noFlow = (): Flow => ({ present: 0, responding: 0, thinking: 0, steps: 0 })

/** What this VU saw since its last message. */
export class Increments {
  #stretches: Stretch[] = []
  /** Nearly always the one that the next answer belongs to as well. */
  #latest: Stretch | undefined
  #lag: Record<Phase, Buckets> = {}
  #flow: Record<Phase, Flow> = {}
  #probes = 0
  #leaks: Message['leaks'] = []
  #sequence = 0

  lag(phase: Phase, milliseconds: number): void {
    let lag = this.#lag[phase]
    if (!lag) {
      lag = []
      this.#lag[phase] = lag
    }
    lag.push(bucketOf(milliseconds))
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
   */
  answer(
    phase: Phase,
    window: number,
    route: string,
    groups: readonly string[],
    latency: number,
    ttfb: number,
    error: ErrorClass | null,
  ): void {
    const stretch = this.#stretch(phase, window)
    let tally = stretch.routes.get(route)
    if (!tally) {
      tally = { latency: [], ttfb: [], errors: {} }
      stretch.routes.set(route, tally)
    }
    const bucket = bucketOf(latency)
    tally.latency.push(bucket)
    tally.ttfb.push(bucketOf(ttfb))
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
    if (this.#leaks.length < leaksKept) this.#leaks.push(leak)
  }

  /** Posts what has come together. One that fails is a gap in the sequence, which makes the run invalid. */
  async post(
    { collector, collectorToken }: Pick<Run, 'collector' | 'collectorToken'>,
    now: Omit<Message, 'sequence' | 'lag' | 'flow' | 'routes' | 'groups' | 'probes' | 'leaks'>,
  ): Promise<void> {
    const message: Message = { ...now, sequence: this.#sequence++, ...this.#take() }
    await http.asyncRequest('POST', collector, JSON.stringify(message), {
      headers: {
        'Content-Type': 'application/json',
        ...(collectorToken === '' ? {} : { Authorization: `Bearer ${collectorToken}` }),
      },
      tags: { name: 'collector' },
      timeout: '10s',
    })
  }

  #take(): Pick<Message, 'lag' | 'flow' | 'routes' | 'groups' | 'probes' | 'leaks'> {
    const routes: Message['routes'] = []
    const groups: Message['groups'] = []
    for (const { phase, window, routes: ofRoutes, groups: ofGroups } of this.#stretches) {
      ofRoutes.forEach((tally, route) => void routes.push({ phase, window, route, ...tally }))
      ofGroups.forEach((tally, group) => void groups.push({ phase, group, ...tally }))
    }
    const [lag, flow, probes, leaks] = [this.#lag, this.#flow, this.#probes, this.#leaks]
    this.#stretches = []
    this.#latest = undefined
    this.#lag = {}
    this.#flow = {}
    this.#probes = 0
    this.#leaks = []
    return { lag, flow, routes, groups, probes, leaks }
  }
}
