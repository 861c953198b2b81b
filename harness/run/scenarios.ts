import { defaultPopulation, type PopulationSpec } from '@headroom/fixtures/population.ts'
import { fullPopulation } from '@headroom/fixtures/sizes.ts'
import {
  lengthOf,
  type ScenarioName,
  type Shape,
  stagesOf,
  type Workload,
  workloads,
} from '@headroom/loadtests/wire/workloads.ts'

export type { ScenarioName }
export const scenarioNames = Object.keys(workloads) as ScenarioName[]

/** Everything that one run is. */
export type Plan = Omit<Workload, 'scan' | 'streams'> & {
  scenario: ScenarioName
  shape: Shape
  shards: number
  seed: number
  population: PopulationSpec
}

export const lengthOfPlan = (plan: Plan): number => lengthOf(stagesOf(plan))

/** The default, or for a scenario that plays more users than it has, as many as DESIGN's promise is about. */
export const populationOf = (scenario: ScenarioName): Omit<PopulationSpec, 'seed'> =>
  workloads[scenario].users > defaultPopulation.users ? fullPopulation : defaultPopulation
