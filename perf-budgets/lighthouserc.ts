import { lighthouse } from './slo.ts'

export type Assertion = ['error', { aggregationMethod: 'median' | 'pessimistic' } & AssertionLimit]
type AssertionLimit = { minScore: number } | { maxNumericValue: number }

export type LighthouseRc = {
  '//': string
  ci: {
    collect: { url: string[]; numberOfRuns: number; settings: Record<string, unknown> }
    assert: { includePassedAssertions: boolean; assertions: Record<string, Assertion> }
    upload: { target: 'filesystem'; outputDir: string }
  }
}

/** Without these Chromium dies in a container, or spends the page's time on its own affairs. */
export const chromiumFlags = ['no-sandbox', 'disable-dev-shm-usage', 'disable-background-networking']
/** As a command line has them; k6 wants them without dashes. */
export const chromiumArguments = chromiumFlags.map((flag) => `--${flag}`)

/**
 * What lighthouserc.json holds. `pnpm lighthouse` runs a copy of it that has the real addresses, the form factor
 * and the session; as it stands it audits the sign-in page of a Worklane on port 3000.
 */
export function lighthouserc(): LighthouseRc {
  return {
    '//': 'Made by `pnpm generate` from perf-budgets/slo.ts. `pnpm lighthouse` puts in the real addresses.',
    ci: {
      collect: {
        url: ['http://127.0.0.1:3000/sign-in'],
        numberOfRuns: lighthouse.runs,
        // The screenshot of the whole page is not looked at, and takes a second of every run. With processes forked from
        // a zygote the end of a trace comes 5 s late in nearly half of the runs, as late as Chromium lets it; without, in
        // one of eight (101 and 26 of 220).
        settings: {
          onlyCategories: ['performance'],
          disableFullPageScreenshot: true,
          chromeFlags: [...chromiumArguments, '--no-zygote'].join(' '),
        },
      },
      assert: { includePassedAssertions: true, assertions },
      upload: { target: 'filesystem', outputDir: 'results/lighthouse' },
    },
  }
}

/** Lighthouse CI's own default is the best of the runs; the middle one is asked for everywhere. */
const atLeast = (minScore: number): Assertion => ['error', { aggregationMethod: 'median', minScore }]
const atMost = (maxNumericValue: number): Assertion => [
  'error',
  { aggregationMethod: 'median', maxNumericValue },
]
/** Bytes and shifts do not depend on luck: the worst run counts. */
const neverAbove = (maxNumericValue: number): Assertion => [
  'error',
  { aggregationMethod: 'pessimistic', maxNumericValue },
]

/** Written out, one by one: the presets assert audits that Lighthouse 13 no longer has. */
export const assertions = {
  'categories:performance': atLeast(lighthouse.performance.mobile),
  'server-response-time': atMost(lighthouse.serverResponseTime),
  'largest-contentful-paint': atMost(lighthouse.largestContentfulPaint),
  'cumulative-layout-shift': neverAbove(lighthouse.cumulativeLayoutShift),
  'total-blocking-time': atMost(lighthouse.totalBlockingTime),
  'total-byte-weight': neverAbove(lighthouse.pageBytes),
  'resource-summary:script:size': neverAbove(lighthouse.scriptBytes),
  'resource-summary:total:count': neverAbove(lighthouse.requests),
  // Its score is 1 when the console shows no error.
  'errors-in-console': ['error', { aggregationMethod: 'pessimistic', minScore: 1 }],
} as const satisfies Record<string, Assertion>

/** What a busy machine makes worse; the others are counted. */
export const timedAssertions: readonly (keyof typeof assertions)[] = [
  'categories:performance',
  'server-response-time',
  'largest-contentful-paint',
  'total-blocking-time',
]

/** What a computer is held to beside what a phone is: lighthouserc.json itself is for phones. */
export const desktopAssertions = {
  ...assertions,
  'categories:performance': atLeast(lighthouse.performance.desktop),
} as const satisfies Record<string, Assertion>

/** As the formatter wants it: a list of one on one line. */
export const renderLighthouserc = (): string =>
  `${JSON.stringify(lighthouserc(), null, 2).replaceAll(/\[\n\s+("[^"\n]*")\n\s+\]/g, '[$1]')}\n`
