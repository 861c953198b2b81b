import { thresholds } from '../generated/thresholds.ts'
import { worklane } from '../journeys/worklane.ts'
import { lacksTold } from '../swarm/lacks.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import type { Lack } from '../wire/lacks.ts'
import { workloads } from '../wire/workloads.ts'

/**
 * What happens when a month ends and 1,000 organisations are renewed at once, while people work?
 *
 * Model     2,000 users of 1,000 tenants, closed loop, 60 s mean think time; after 110 s the clock of the payments
 *           sandbox moves by a month, and each event is delivered one to three times, out of order, at an even rate over
 *           three quarters of the 220 s that follow: about 50 a second
 * Judged    how long after its delivery a webhook has its effect, and the oldest that waits; what those who work notice:
 *           their p95 against their own before, and all limits; then the books: every event acknowledged and kept
 *           once, every customer as Stripe says, the ledger complete and balanced (--fault webhook-twice, webhook-lost,
 *           webhook-refused: they are not)
 * Limits    `webhooks`, `neighbours` and the routes in perf-budgets/slo.ts; nothing lost, nothing doubled
 * Takes     about 7 minutes; needs the stack that is started here, since nobody moves Stripe's clock
 */
const run = readRun(workloads['billing-storm'])

export const options = k6Options(run, thresholds)
export const setup = (): Lack[] => lacksTold(run)
export default (without: Lack[]) => swarm({ ...run, without }, worklane)
