import { thresholds } from '../generated/thresholds.ts'
import { worklane } from '../journeys/worklane.ts'
import { lacksTold } from '../swarm/lacks.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import type { Lack } from '../wire/lacks.ts'
import { workloads } from '../wire/workloads.ts'

/**
 * What do users notice when five times as many come within seconds, and when those have gone again?
 *
 * Model     1,000 users, then 5,000 within 5 s, then 1,000 again; closed loop, 50 s mean think time
 * Judged    before and in the spike by errors, and for 2 min 40 s afterwards by every limit
 * Limits    perf-budgets/slo.ts
 * Takes     about 6 min 30 s
 */
const run = readRun(workloads.spike)

export const options = k6Options(run, thresholds)
export const setup = (): Lack[] => lacksTold(run)
export default (without: Lack[]) => swarm({ ...run, without }, worklane)
