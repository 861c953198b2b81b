import {
  effects,
  lighthouse,
  promises,
  type RouteKind,
  routes,
  ttfbP95,
  webhooks,
  webVitals,
  wholeAnswer,
} from './slo.ts'

const kinds: [RouteKind, string][] = [
  ['page', 'a page, full load'],
  ['rsc', 'a page, by a click inside the app'],
  ['rest', 'REST'],
  ['trpc', 'tRPC'],
  ['static', 'static assets'],
  ['file', 'files, to the object store and back'],
]

/** The promises as a Markdown table, for the README. */
export function sloTable(): string {
  const { availability, concurrency, isolation } = promises
  const users = concurrency.users.toLocaleString('en-US')
  const rows = [
    ['Availability', `${Number((availability.target * 100).toFixed(4))}% over ${availability.days} days`],
    ['Concurrency', `${users} users at once, ${concurrency.thinkTime / 1000} s mean think time`],
    ['Isolation', `${isolation.leaks} texts of one tenant seen by another`],
    ['Time to first byte, p95', `< ${ttfbP95} ms on every route`],
    ...kinds.map(([kind, words]) => [`· ${words}`, limitsOf(kind)]),
    [
      'Whole answer, p95',
      `< ${webVitals.largestContentfulPaint / 1000} s for a page, elsewhere ${wholeAnswer} times the limit of its first byte`,
    ],
    [
      'Lighthouse, performance',
      `≥ ${lighthouse.performance.mobile * 100} on phones, ${lighthouse.performance.desktop * 100} on computers, median of ${lighthouse.runs}`,
    ],
    ['JavaScript', `≤ ${lighthouse.scriptBytes / 1000} kB on every page`],
    [
      'Web vitals, a real browser beside load',
      `LCP < ${webVitals.largestContentfulPaint / 1000} s, CLS < ${webVitals.cumulativeLayoutShift}, INP < ${webVitals.interactionToNextPaint} ms, medians`,
    ],
    [
      'What a write brings about',
      `p95 < ${effects.delayP95 / 1000} s, none older than ${effects.oldestWaiting / 1000} s waits`,
    ],
    [
      'What Stripe tells',
      `p95 < ${webhooks.effectP95 / 1000} s until it is written, none waits longer than ${webhooks.oldestWaiting / 1000} s`,
    ],
  ]
  return ['| promise | limit |', '|---|---|', ...rows.map((cells) => `| ${cells.join(' | ')} |`)].join('\n')
}

/** "< 300 ms", or "< 300 to 400 ms" where the routes of a kind differ. */
function limitsOf(kind: RouteKind): string {
  const limits = Object.values(routes)
    .filter((route) => route.kind === kind)
    .map((route) => route.ttfbP95)
  const [least, most] = [Math.min(...limits), Math.max(...limits)]
  return least === most ? `< ${least} ms` : `< ${least} to ${most} ms, by route`
}
