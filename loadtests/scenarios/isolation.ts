import { thresholds } from '../generated/thresholds.ts'
import { worklane } from '../journeys/worklane.ts'
import { lacksTold } from '../swarm/lacks.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import type { Lack } from '../wire/lacks.ts'
import { workloads } from '../wire/workloads.ts'

/**
 * Does any tenant ever see another's text?
 *
 * Model     120 users of tenants of all sizes, closed loop, 2.5 s mean think time
 * Judged    a minute in which every body, every header and every React payload is looked through; before it, two
 *           seeded leaks must be found, or the run is invalid
 * Limits    zero leaks, and availability; times are told and not judged. The report tells what n answers without a
 *           leak can say at all
 * Takes     about 3 minutes
 */
const run = readRun(workloads.isolation)

export const options = k6Options(run, thresholds)
export const setup = (): Lack[] => lacksTold(run)
export default (without: Lack[]) => swarm({ ...run, without }, worklane)
