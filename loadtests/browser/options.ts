import { webVitals } from '../../perf-budgets/slo.ts'
import { k6Options, type Run } from '../swarm/options.ts'
import { lengthOf } from '../wire/workloads.ts'

/**
 * k6's options for the swarm, for the browser beside it, or for both. The harness gives each a process of its own,
 * so that Chromium's metrics do not keep the swarm waiting; k6 alone plays both in one.
 */
export function optionsOf(run: Run, thresholds: Record<string, string[]>) {
  const swarm = k6Options(run, thresholds)
  if (run.collector !== '') return swarm
  const visits = {
    exec: 'visits',
    executor: 'per-vu-iterations',
    vus: 1,
    iterations: 1,
    maxDuration: `${Math.ceil(lengthOf(run.stages) / 1000) + 60}s`,
    options: { browser: { type: 'chromium' } },
  }
  const alone = __ENV.HEADROOM_BEGAN_AT ? {} : swarm.scenarios
  return {
    ...swarm,
    scenarios: { ...alone, visits },
    systemTags: [...swarm.systemTags, 'url'],
    thresholds: __ENV.HEADROOM_BEGAN_AT ? {} : { ...swarm.thresholds, ...ofVitals },
  }
}

const ofVitals = {
  browser_web_vital_ttfb: [`p(50)<${webVitals.timeToFirstByte}`],
  browser_web_vital_fcp: [`p(50)<${webVitals.firstContentfulPaint}`],
  browser_web_vital_lcp: [`p(50)<${webVitals.largestContentfulPaint}`],
  browser_web_vital_cls: [`p(50)<${webVitals.cumulativeLayoutShift}`],
  browser_web_vital_inp: [`p(50)<${webVitals.interactionToNextPaint}`],
}
