import { thresholds } from '../generated/thresholds.ts'
import { worklane } from '../journeys/worklane.ts'
import { lacksTold } from '../swarm/lacks.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import type { Lack } from '../wire/lacks.ts'
import { workloads } from '../wire/workloads.ts'

/**
 * Does Worklane keep its promises under a working day's load?
 *
 * Model     2,000 users of 50 tenants, closed loop, 60 s mean think time (lognormal)
 * Judged    2 minutes of steady load after 30 s in which they arrive
 * Limits    perf-budgets/slo.ts; one answer in ten is looked through for another tenant's text
 * Takes     about 2 min 40 s
 */
const run = readRun(workloads.load)

export const options = k6Options(run, thresholds)
export const setup = (): Lack[] => lacksTold(run)
export default (without: Lack[]) => swarm({ ...run, without }, worklane)
