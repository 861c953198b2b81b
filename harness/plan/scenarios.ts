import { defaultPopulation, type PopulationSpec } from '@headroom/fixtures/population.ts'
import { fullPopulation } from '@headroom/fixtures/sizes.ts'
import {
  isJudged,
  lengthOf,
  type ScenarioName,
  type Shape,
  type Stage,
  stagesOf,
  type Workload,
  workloads,
} from '@headroom/loadtests/wire/workloads.ts'

import type { JourneyFile } from './journey/journey-file.ts'

export type { ScenarioName }
export const scenarioNames = Object.keys(workloads) as ScenarioName[]

/** Everything that one run is. */
export type Plan = Omit<Workload, 'scan' | 'streams'> & {
  scenario: ScenarioName | 'journey'
  /** Of an app that is not Worklane. */
  journey?: JourneyFile
  shape: Shape
  shards: number
  /** Connections that all VUs together open at most, where it is not the usual number. */
  connections?: number
  seed: number
  population: PopulationSpec
}

export const lengthOfPlan = (plan: Plan): number => lengthOf(stagesOf(plan))

/** From the first judged moment to the last, in ms since the start. */
export function judgedSpan(stages: readonly Stage[]): [number, number] {
  const [first, last] = [stages.findIndex(isJudged), stages.findLastIndex(isJudged)]
  return [lengthOf(stages.slice(0, first)), lengthOf(stages.slice(0, last + 1))]
}

/** When what counts began and ended, epoch milliseconds. */
export type JudgedTimes = {
  from: number
  to: number
  /** The judged stages alone; between two of them there can be others. */
  judgedMs: number
  /** The whole run, without what came after its last stage. */
  playedMs: number
}

/** @param endedAt of the whole run, which can be before its time */
export function judgedTimes(
  stages: readonly Stage[],
  startedAt: number | null,
  endedAt: number,
): JudgedTimes {
  const [first, last] = judgedSpan(stages)
  const beginsAt = startedAt ?? endedAt
  const from = beginsAt + first
  const to = Math.min(beginsAt + last, endedAt)
  const playedMs = Math.max(0, Math.min(lengthOf(stages), endedAt - beginsAt))
  const judgedMs = lengthOf(stagesUntil(stages, playedMs).filter(isJudged))
  return { from, to, judgedMs, playedMs }
}

/** The stages as far as they were played: a run that ended early divides by the time that it had. @param played ms */
export function stagesUntil(stages: readonly Stage[], played: number): Stage[] {
  let left = played
  return stages.map((stage) => {
    const duration = Math.min(stage.duration, left)
    left -= duration
    return { ...stage, duration }
  })
}

/** The default, or as many as DESIGN's promise is about: for more users than it has, and for a storm of many tenants. */
export const populationOf = (scenario: ScenarioName): Omit<PopulationSpec, 'seed'> => {
  const { users, shape }: Workload = workloads[scenario]
  return users > defaultPopulation.users || shape === 'storm' ? fullPopulation : defaultPopulation
}
