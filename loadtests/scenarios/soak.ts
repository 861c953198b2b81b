import { thresholds } from '../generated/thresholds.ts'
import { worklane } from '../journeys/worklane.ts'
import { lacksTold } from '../swarm/lacks.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import type { Lack } from '../wire/lacks.ts'
import { workloads } from '../wire/workloads.ts'

/**
 * Does anything grow that should not?
 *
 * Model     1,500 users, about half of what two cores carry, closed loop, 60 s mean think time
 * Judged    30 minutes of steady load; the memory of generator, web, api and worker must not have a slope in the
 *           last 20, when they are warm
 * Limits    perf-budgets/slo.ts, with the slopes under `soak`
 * Takes     about 31 minutes
 */
const run = readRun(workloads.soak)

export const options = k6Options(run, thresholds)
export const setup = (): Lack[] => lacksTold(run)
export default (without: Lack[]) => swarm({ ...run, without }, worklane)
