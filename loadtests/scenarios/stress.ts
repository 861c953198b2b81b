import { thresholds } from '../generated/thresholds.ts'
import { worklane } from '../journeys/worklane.ts'
import { lacksTold } from '../swarm/lacks.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import type { Lack } from '../wire/lacks.ts'
import { workloads } from '../wire/workloads.ts'

/**
 * How does Worklane break, and does it come back by itself?
 *
 * Model     five steps up to 10,000 users, closed loop, 60 s mean think time, then down to the first step
 * Judged    the two minutes of recovery alone, by every limit; the steps are told, not judged
 * Limits    perf-budgets/slo.ts
 * Takes     about 5 min 40 s
 */
const run = readRun(workloads.stress)

export const options = k6Options(run, thresholds)
export const setup = (): Lack[] => lacksTold(run)
export default (without: Lack[]) => swarm({ ...run, without }, worklane)
