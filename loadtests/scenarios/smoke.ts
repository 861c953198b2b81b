import { thresholds } from '../generated/thresholds.ts'
import { worklane } from '../journeys/worklane.ts'
import { lacksTold } from '../swarm/lacks.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import type { Lack } from '../wire/lacks.ts'
import { workloads } from '../wire/workloads.ts'

/**
 * Does every part answer, and fast enough, for a few users?
 *
 * Model     80 users of tenants of all sizes, closed loop, 2.5 s mean think time
 * Judged    70 s of steady load after 12 s in which they arrive and the processes warm up
 * Limits    perf-budgets/slo.ts; every answer with a tenant's text is looked through for another's
 * Takes     a minute and a half
 */
const run = readRun(workloads.smoke)

export const options = k6Options(run, thresholds)
export const setup = (): Lack[] => lacksTold(run)
export default (without: Lack[]) => swarm({ ...run, without }, worklane)
