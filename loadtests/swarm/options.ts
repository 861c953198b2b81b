import type { PopulationSpec } from '../../fixtures/population.ts'
import { usersPerVu } from '../wire/shares.ts'

/** What a scenario asks for; each can be changed from outside (HEADROOM_USERS and so on). Times in ms. */
export type Workload = {
  users: number
  /** Mean think time between two steps. */
  think: number
  /** Users arrive over this time; not judged. */
  ramp: number
  /** The steady phase, which is judged. */
  duration: number
  /** The share of answers whose text is looked through for other tenants' canaries. */
  scan: number
}

export type Run = Workload & {
  target: string
  sessionSecret: string
  population: PopulationSpec
  /** Where increments go; empty when k6 runs alone. */
  collector: string
  seed: number
}

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

export function readRun(workload: Workload): Run {
  const run = {
    users: number('USERS', workload.users),
    think: number('THINK', workload.think),
    ramp: number('RAMP', workload.ramp),
    duration: number('DURATION', workload.duration),
    scan: number('SCAN', workload.scan),
    target: required('TARGET', 'the origin to test, for example http://127.0.0.1:3000').replace(/\/$/, ''),
    sessionSecret: required('SESSION_SECRET', 'the SEED_SESSION_SECRET that the target was seeded with'),
    population: {
      seed: number('POPULATION_SEED', 1),
      organisations: number('POPULATION_ORGANISATIONS', 50),
      users: number('POPULATION_USERS', 2000),
    },
    collector: env('COLLECTOR'),
    seed: number('SEED', 1),
  }
  if (run.users > run.population.users) {
    throw new Error(`HEADROOM_USERS is ${run.users}, and the population has only ${run.population.users}`)
  }
  return run
}

/** Connections that one VU opens at most; what is due beyond them waits, and the waiting counts. */
export const connectionsPerVu = 64

/** k6's own options for a run of the swarm. */
export function k6Options(run: Run, thresholds: Record<string, string[]>) {
  const vus = Math.ceil(run.users / usersPerVu)
  const seconds = Math.ceil((run.ramp + run.duration) / 1000)
  return {
    scenarios: {
      swarm: {
        executor: 'per-vu-iterations',
        vus,
        iterations: 1,
        maxDuration: `${seconds + 60}s`,
        gracefulStop: '5s',
      },
    },
    // k6 keeps this many idle connections a VU; fewer than are in flight would mean a new one for each request.
    batchPerHost: connectionsPerVu,
    batch: connectionsPerVu,
    discardResponseBodies: true,
    userAgent: 'headroom',
    systemTags: ['name', 'status'],
    // The collector judges; without one k6's own thresholds do.
    thresholds: run.collector === '' ? thresholds : {},
  }
}
