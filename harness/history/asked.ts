import { defaultPopulation } from '@headroom/fixtures/population.ts'
import { journeyWorkload, workloads } from '@headroom/loadtests/wire/workloads.ts'
import { lighthouse } from '@headroom/perf-budgets/slo.ts'
import { populationOf, scenarioNames } from '../plan/scenarios.ts'
import type { Result } from '../result/result.ts'

/** What a run was asked for, defaults as well: option → value, as the command line takes them. */
export type Asked = Record<string, string>

export function askedOf({ workload, capacity, observed, target }: Result): Asked {
  const { users, thinkMs, rampMs, durationMs, seed, population, tenants, shards } = workload
  return {
    // A search goes through many numbers of users, and takes longer where they are few.
    ...(capacity ? {} : { users: `${users}`, duration: seconds(durationMs) }),
    think: seconds(thinkMs),
    ramp: seconds(rampMs),
    seed: `${seed}`,
    shards: `${shards}`,
    // Of a journey nobody knows them.
    ...(tenants === null
      ? {}
      : { organisations: `${population.organisations}`, population: `${population.users}` }),
    // Our own stack has another port each time; nobody watches the machine of any other.
    ...(observed.machineCpuShare === null ? { target } : processesIn(observed.parts)),
  }
}

/** What was asked for beyond the defaults of today, as one types it; nothing of options that nobody recorded. */
export function unusual(scenario: string, asked: Asked): string {
  const usual = usualOf(scenario)
  return Object.entries(asked)
    .filter(([option, value]) => value !== usual[option])
    .map(([option, value]) => ` --${option} ${value}`)
    .toSorted()
    .join('')
}

/** @param scenario of a load test, or a journey's name, or `lighthouse` */
function usualOf(scenario: string): Asked {
  if (scenario === 'lighthouse') return { runs: `${lighthouse.runs}` }
  const known = scenarioNames.find((name) => name === scenario)
  const { users, think, ramp, duration } = known ? workloads[known] : journeyWorkload
  const population = known ? populationOf(known) : defaultPopulation
  return {
    users: `${users}`,
    think: seconds(think),
    ramp: seconds(ramp),
    duration: seconds(duration),
    organisations: `${population.organisations}`,
    population: `${population.users}`,
    seed: `${defaultPopulation.seed}`,
    shards: '1',
    web: '1',
    api: '1',
  }
}

const seconds = (ms: number) => `${ms / 1_000}s`

/** One is called `web`, two are `web-1` and `web-2`; outside Linux there are none to count. */
function processesIn(parts: Result['observed']['parts']): Asked {
  const names = Object.keys(parts).map((name) => name.replace(/-\d+$/, ''))
  return Object.fromEntries(
    ['web', 'api']
      .filter((part) => names.includes(part))
      .map((part) => [part, `${names.filter((name) => name === part).length}`]),
  )
}
