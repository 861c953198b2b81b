import { lighthouse } from '@headroom/perf-budgets/slo.ts'
import { mean } from 'simple-statistics'

/** The phone that is imitated on this machine. */
export type Phone = {
  /** Of this machine, by Lighthouse's own benchmark. */
  benchmarkIndex: number
  /** How many times slower than this machine the phone is. */
  cpuSlowdown: number
}

/** Two digits of a factor are more than its benchmark is good for. */
export const phoneFor = (benchmarkIndex: number): Phone => ({
  benchmarkIndex,
  cpuSlowdown: Math.round((benchmarkIndex / lighthouse.phoneBenchmarkIndex) * 10) / 10,
})

/** Of how many benchmark samples the machine's speed is the mean: some minutes of an audit. */
export const benchmarkSamplesKept = 20

/**
 * How fast this machine is changes while pages are audited, and one look says little of it (docs/decisions/022).
 * @param benchmarkSamples benchmark indexes, the newest last: first `phoneOn`'s, then what Lighthouse read before each run
 */
export const phoneAfter = (benchmarkSamples: readonly number[]): Phone =>
  phoneFor(mean(benchmarkSamples.slice(-benchmarkSamplesKept)))
