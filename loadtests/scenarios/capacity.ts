import { thresholds } from '../generated/thresholds.ts'
import { worklane } from '../journeys/worklane.ts'
import { lacksTold } from '../swarm/lacks.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import type { Lack } from '../wire/lacks.ts'
import { workloads } from '../wire/workloads.ts'

/**
 * How many users can this Worklane on this machine carry and keep every promise?
 *
 * Model     run after run: one to warm up, two with few users for the law, twice as many users until a limit breaks,
 *           bisection (numbers of users are an eighth apart), once more the fewest that broke it, then three times the
 *           most that held; closed loop, 60 s mean think time
 * Judged    a minute of steady load in each run, longer with fewer users
 * Limits    perf-budgets/slo.ts; the report has the bracket, the law that fits, and the part that limits
 * Takes     15 to 25 minutes
 */
const run = readRun(workloads.capacity)

export const options = k6Options(run, thresholds)
export const setup = (): Lack[] => lacksTold(run)
export default (without: Lack[]) => swarm({ ...run, without }, worklane)
