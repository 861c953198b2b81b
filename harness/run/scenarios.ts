import type { PopulationSpec } from '@headroom/fixtures/population.ts'

/** What each scenario asks for unless the command says otherwise. The scenario's own file says why. Times in ms. */
export const scenarios = {
  smoke: { users: 110, think: 2_500, ramp: 12_000, duration: 50_000 },
  load: { users: 2_000, think: 60_000, ramp: 30_000, duration: 120_000 },
} as const

export type ScenarioName = keyof typeof scenarios
export const scenarioNames = Object.keys(scenarios) as ScenarioName[]

export type Workload = { users: number; think: number; ramp: number; duration: number }

/** Everything that one run is. */
export type Plan = Workload & {
  scenario: ScenarioName
  seed: number
  population: PopulationSpec
}
