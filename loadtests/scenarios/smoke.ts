import { thresholds } from '../generated/thresholds.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'

/**
 * Does every part answer, and fast enough, for a few users?
 *
 * Model     60 users of all tenants' sizes, closed loop, 1 s mean think time
 * Judged    20 s of steady load after 3 s in which they arrive
 * Limits    perf-budgets/slo.ts; every answer with a tenant's text is looked through for another's
 * Takes     about 25 s
 */
const run = readRun({ users: 60, think: 1_000, ramp: 3_000, duration: 20_000, scan: 1 })

export const options = k6Options(run, thresholds)

export default () => swarm(run)
