import { optionsOf } from '../browser/options.ts'
import { beganAt, visitPages } from '../browser/visits.ts'
import { thresholds } from '../generated/thresholds.ts'
import { worklane } from '../journeys/worklane.ts'
import { lacksTold } from '../swarm/lacks.ts'
import { readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import type { Lack } from '../wire/lacks.ts'
import { workloads } from '../wire/workloads.ts'

/**
 * What does a swarm cost somebody who looks at Worklane through a real browser?
 *
 * Model     one Chromium visits the pages again and again, nothing cached, as the owner of the largest tenant: first
 *           alone, then while 80 users are there (closed loop, 10 s mean think time)
 * Judged    the web vitals of each page, as medians, alone and then; each visit must have shown the right page, and
 *           nothing of another tenant. The swarm by its errors, and by isolation
 * Limits    `webVitals` and the routes in perf-budgets/slo.ts
 * Takes     about 4 min 30 s
 */
const run = readRun(workloads.browser)

export const options = optionsOf(run, thresholds)
export const visits = () => visitPages(run, beganAt())
export const setup = (): Lack[] => lacksTold(run)
export default (without: Lack[]) => swarm({ ...run, without }, worklane)
