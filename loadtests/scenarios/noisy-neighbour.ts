import { thresholds } from '../generated/thresholds.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import { workloads } from '../wire/workloads.ts'

/**
 * What do the others notice when one tenant asks twenty times as much?
 *
 * Model     1,500 users, closed loop, 20 s mean think time; those of the largest tenant act 1, 5 and 20 times as
 *           fast, the others always the same
 * Judged    the others: their p95 with x20 against their own with x1, and how fairly it spreads (Jain's index)
 * Limits    `neighbours` in perf-budgets/slo.ts
 * Takes     about 3 min 10 s
 */
const run = readRun(workloads['noisy-neighbour'])

export const options = k6Options(run, thresholds)
export default () => swarm(run)
