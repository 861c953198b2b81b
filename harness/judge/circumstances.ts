import type { RouteLimit } from '@headroom/loadtests/wire/message.ts'
import type { Stage } from '@headroom/loadtests/wire/workloads.ts'
import type { Evidence } from '../result/evidence.ts'

/** What the harness saw beside the numbers. */
export type Circumstances = {
  users: number
  /** What was to be played; the last judged stage is shorter when the run was. */
  stages: readonly Stage[]
  /** VUs of all shards together. */
  vus: number
  shards: number
  /** That the generator opens at most. */
  connections: number
  /** How long the judged phases really were, in ms. */
  judgedMs: number
  /** k6's own end: 0 is orderly. */
  k6ExitCode: number | null
  k6LastLines: string
  /** Parts of Worklane that ended during the run. */
  crashes: { part: string; detail: string }[]
  generatorCpuShare: number | null
  generatorRssBytes: number | null
  /** What else was found, by who watched over a longer time or over several runs. */
  more?: {
    evidence: Evidence[]
    invalidReasons: string[]
    /** Of what there was too little to say anything. */
    thin?: string[]
    facts?: string[]
  }
  /** Somebody ended the run before its time. */
  interrupted: boolean
  /** What was wrong with the population, or null. */
  population: string | null
  /** Limits by route, where they are not those of perf-budgets/slo.ts; each must have been asked. */
  limits?: Readonly<Record<string, RouteLimit>>
  /** Whether users play their journey from its beginning, as they come. */
  beginsAtTheBeginning?: boolean
  /** Whether answers can be told to be another tenant's; they can unless said otherwise. */
  marked?: boolean
}
