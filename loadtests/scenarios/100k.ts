import { thresholds } from '../generated/thresholds.ts'
import { worklane } from '../journeys/worklane.ts'
import { lacksTold } from '../swarm/lacks.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import type { Lack } from '../wire/lacks.ts'
import { workloads } from '../wire/workloads.ts'

/**
 * Does Worklane keep its promises with 100,000 users at once?
 *
 * Model     100,000 users of 1,000 tenants, closed loop, 60 s mean think time: about 1,700 steps a second
 * Judged    3 minutes of steady load after 2 minutes in which they arrive
 * Limits    perf-budgets/slo.ts. Where they do not hold, the report tells at how many users which limit broke
 *           first, and which part had nothing left
 * Takes     about 6 minutes, and the first time two more for the seed
 */
const run = readRun(workloads['100k'])

export const options = k6Options(run, thresholds)
export const setup = (): Lack[] => lacksTold(run)
export default (without: Lack[]) => swarm({ ...run, without }, worklane)
