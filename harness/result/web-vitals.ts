import type { Vital } from '@headroom/loadtests/wire/visits.ts'
import { webVitals } from '@headroom/perf-budgets/slo.ts'

/** Of medians; milliseconds, and a layout shift without a unit. */
export const limits: Record<Vital, number> = {
  TTFB: webVitals.timeToFirstByte,
  FCP: webVitals.firstContentfulPaint,
  LCP: webVitals.largestContentfulPaint,
  CLS: webVitals.cumulativeLayoutShift,
  INP: webVitals.interactionToNextPaint,
}
