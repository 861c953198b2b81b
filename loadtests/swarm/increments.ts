import http from 'k6/http'
import { encode, type Histogram, record } from '../wire/histogram.ts'
import type { ErrorClass, Message, Phase } from '../wire/message.ts'

type RouteTally = { latency: Histogram; ttfb: Histogram; errors: Partial<Record<ErrorClass, number>> }

const leaksKept = 5

/** What this VU saw since its last message. */
export class Increments {
  #routes = new Map<string, RouteTally>()
  #lag: Partial<Record<Phase, Histogram>> = {}
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

  answer(
    phase: Phase,
    route: string,
    times: { latency: number; ttfb: number },
    error: ErrorClass | null,
  ): void {
    const key = `${phase} ${route}`
    let tally = this.#routes.get(key)
    if (!tally) {
      tally = { latency: new Map(), ttfb: new Map(), errors: {} }
      this.#routes.set(key, tally)
    }
    record(tally.latency, times.latency)
    record(tally.ttfb, times.ttfb)
    if (error) tally.errors[error] = (tally.errors[error] || 0) + 1
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
    now: Pick<Message, 'vu' | 'startedAt' | 'activeUsers' | 'inFlight' | 'queued' | 'final'>,
  ): Promise<void> {
    const message = { ...now, sequence: this.#sequence++, ...this.#take() }
    await http.asyncRequest('POST', collector, JSON.stringify(message), {
      headers: { 'Content-Type': 'application/json' },
      tags: { name: 'collector' },
      timeout: '10s',
    })
  }

  #take(): Pick<Message, 'lag' | 'routes' | 'probes' | 'leaks'> {
    const routes: Message['routes'] = []
    this.#routes.forEach(({ latency, ttfb, errors }, key) => {
      const [phase, ...route] = key.split(' ')
      routes.push({
        phase: phase as Phase,
        route: route.join(' '),
        latency: encode(latency),
        ttfb: encode(ttfb),
        errors,
      })
    })
    const lag: Message['lag'] = {}
    for (const phase of Object.keys(this.#lag) as Phase[]) lag[phase] = encode(this.#lag[phase] as Histogram)
    const taken = { lag, routes, probes: this.#probes, leaks: this.#leaks }
    this.#routes = new Map()
    this.#lag = {}
    this.#probes = 0
    this.#leaks = []
    return taken
  }
}
