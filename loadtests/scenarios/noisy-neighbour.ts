import { thresholds } from '../generated/thresholds.ts'
import { worklane } from '../journeys/worklane.ts'
import { lacksTold } from '../swarm/lacks.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import type { Lack } from '../wire/lacks.ts'
import { workloads } from '../wire/workloads.ts'

/**
 * What do the others notice when one tenant asks twenty times as much?
 *
 * Model     500 users, closed loop, 20 s mean think time; a fifth of them are of the largest tenant and act 1, 5 and 20
 *           times as fast, the others always the same
 *           An organisation may read a little more than the largest one usually does (ORGANISATION_READS_CAP); with
 *           --fault no-tenant-limits as much as it likes, and then the others notice
 * Judged    the others: their p95 with x20 against their own with x1, and how fairly it spreads (Jain's index)
 * Limits    `neighbours` in perf-budgets/slo.ts
 * Takes     about 3 min 10 s
 */
const run = readRun(workloads['noisy-neighbour'])

export const options = k6Options(run, thresholds)
export const setup = (): Lack[] => lacksTold(run)
export default (without: Lack[]) => swarm({ ...run, without }, worklane)
