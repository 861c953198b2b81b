import type { PopulationSpec } from '../../fixtures/population.ts'
import { connectionsFor } from '../wire/connections.ts'
import type { Lack } from '../wire/lacks.ts'
import { lengthOf, type Stage, stagesOf, vusFor, type Workload } from '../wire/workloads.ts'

/** A workload against a target; each figure can be changed from outside (HEADROOM_USERS and so on). Times in ms. */
export type Run = Workload & {
  target: string
  /** `Basic …`, which lets requests in that bring no Authorization of their own; or ''. */
  authorization: string
  sessionSecret: string
  population: PopulationSpec
  /** Where increments go; empty when k6 runs alone. */
  collector: string
  /** What the collector knows its own VUs by; empty where nobody else reaches it. */
  collectorToken: string
  seed: number
  /** What is not asked for, since the target is without it. */
  without: readonly Lack[]
  stages: Stage[]
  /** VUs of all shards together. */
  vus: number
  /** Connections that all VUs together open at most. */
  connections: number
}

/** What decides who the users of a run are. */
export type Cast = Pick<Run, 'target' | 'population' | 'seed' | 'streams'>

const env = (name: string): string => __ENV[`HEADROOM_${name}`] || ''

function number(name: string, fallback: number): number {
  const text = env(name)
  if (text === '') return fallback
  const value = Number(text)
  if (!(value >= 0)) throw new Error(`HEADROOM_${name} is "${text}": it must be a number from 0`)
  return value
}

function required(name: string, meaning: string): string {
  const value = env(name)
  if (value === '') throw new Error(`HEADROOM_${name} is not set: ${meaning}`)
  return value
}

/** @param known whether the target was seeded with a population of ours, whose sessions are made with its secret */
export function readRun(workload: Workload, known = { population: true }): Run {
  const asked = {
    users: number('USERS', workload.users),
    think: number('THINK', workload.think),
    ramp: number('RAMP', workload.ramp),
    duration: number('DURATION', workload.duration),
    scan: number('SCAN', workload.scan),
    streams: number('STREAMS', workload.streams),
    shape: workload.shape,
  }
  const run = {
    ...asked,
    stages: stagesOf(asked),
    ...sizeOf(asked.users, number('SHARDS', 1), number('CONNECTIONS', connectionsFor(asked.users))),
    target: required('TARGET', 'the origin to test, for example http://127.0.0.1:3000').replace(/\/+$/, ''),
    authorization: env('TARGET_AUTHORIZATION'),
    sessionSecret: known.population
      ? required('SESSION_SECRET', 'the SEED_SESSION_SECRET that the target was seeded with')
      : env('SESSION_SECRET'),
    population: {
      seed: number('POPULATION_SEED', 1),
      organisations: number('POPULATION_ORGANISATIONS', 50),
      users: number('POPULATION_USERS', 2000),
    },
    collector: env('COLLECTOR'),
    collectorToken: env('COLLECTOR_TOKEN'),
    seed: number('SEED', 1),
    without: [],
  }
  if (known.population && run.users > run.population.users) {
    throw new Error(`HEADROOM_USERS is ${run.users}, and the population has only ${run.population.users}`)
  }
  return run
}

/** @param connections that all VUs together may open */
export function sizeOf(users: number, shards: number, connections: number): Pick<Run, 'vus' | 'connections'> {
  const vus = vusFor(users, shards)
  // None can do without.
  return { vus, connections: Math.max(connections, vus) }
}

/** k6's own options for a run of the swarm. */
export function k6Options(run: Run, thresholds: Record<string, string[]>) {
  const seconds = Math.ceil(lengthOf(run.stages) / 1000)
  return {
    scenarios: {
      swarm: {
        executor: 'per-vu-iterations',
        vus: run.vus,
        iterations: 1,
        maxDuration: `${seconds + 60}s`,
        gracefulStop: '5s',
      },
    },
    // k6 keeps this many idle connections a VU; fewer than are in flight would mean a new one for each request.
    batchPerHost: Math.ceil(run.connections / run.vus),
    batch: Math.ceil(run.connections / run.vus),
    discardResponseBodies: true,
    userAgent: 'headroom',
    systemTags: ['name', 'status'],
    // The collector judges; without one k6's own thresholds do.
    thresholds: run.collector === '' ? thresholds : {},
  }
}
