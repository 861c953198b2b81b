import { thresholds } from '../generated/thresholds.ts'
import { tour } from '../journeys/tour.ts'
import { lacksTold } from '../swarm/lacks.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import type { Lack } from '../wire/lacks.ts'
import { workloads } from '../wire/workloads.ts'

/**
 * Does every route keep its limit, also those that the journeys never ask?
 *
 * Model     120 owners of tenants of all sizes on a round through all pages and all operations, by REST and by tRPC,
 *           closed loop, 2.5 s mean think time; what they make they take away again
 * Judged    two minutes of steady load
 * Limits    perf-budgets/slo.ts; every answer is looked through for another tenant's text
 * Left out  what a deployment is without, subscriptions or files: the verdict names it
 * Takes     two and a half minutes
 */
const run = readRun(workloads.routes)

export const options = k6Options(run, thresholds)
export const setup = (): Lack[] => lacksTold(run)
export default (without: Lack[]) => swarm({ ...run, without }, tour)
