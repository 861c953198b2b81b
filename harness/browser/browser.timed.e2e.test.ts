import { defaultPopulation } from '@headroom/fixtures/population.ts'
import { visitedPages, vitalsOf } from '@headroom/loadtests/wire/visits.ts'
import { workloads } from '@headroom/loadtests/wire/workloads.ts'
import { beforeAll, describe, expect, it } from 'vitest'
import { Result } from '../judge/result.ts'
import { readFault } from '../run/faults.ts'
import { run } from '../run/run.ts'
import { onSite } from '../run/site.ts'
import { provide } from '../toolchain/provide.ts'
import { withBrowser } from './beside.ts'

/** Few users for a short while: what counts is what a real Chromium tells, and that a late page shows in it. */
const plan = {
  ...workloads.browser,
  ...{ scenario: 'browser' as const, shards: 1, seed: 1, population: defaultPopulation },
  ...{ users: 30, think: 1_500, ramp: 2_000, duration: 30_000 },
}
const delay = 2_600
const late = `delay=dashboard.get:${delay}`

describe('a real browser, alone and beside the swarm', () => {
  let result: Result

  beforeAll(async () => {
    const { k6, chromium } = await provide(['k6', 'chromium'])
    const faults = [readFault(late)]
    const site = { target: null, processes: { web: 1, api: 1 }, port: undefined, say: () => {} }
    result = await onSite({ ...site, plan, faults }, ({ origin, sessionSecret, stack }) =>
      withBrowser({ k6: k6.path, chromium, minimum: 1 }, (companion) =>
        run({
          ...{ id: 'browser-test', plan, k6: k6.path, faults, faultTexts: [late], companion },
          ...{ target: origin, sessionSecret, stack },
        }),
      ),
    )
  })

  it('tells every vital of every page in both parts, from visits that all showed the right one', () => {
    const { browser } = Result.parse(result)
    const expected = visitedPages.flatMap((page) => vitalsOf(page).map((vital) => `${page} ${vital}`))
    for (const part of ['alone', 'loaded'] as const) {
      const told = browser?.vitals.filter((each) => each.part === part && each.samples > 0) ?? []
      expect(told.map(({ page, vital }) => `${page} ${vital}`)).toEqual(expected)
    }
    expect(browser?.parts.map(({ wrong }) => wrong)).toEqual([[], []])
  })

  it('shows a late operation in the LCP of its page, and in no other', () => {
    const broken = result.browser?.vitals.filter(({ part, passed }) => part === 'alone' && !passed)
    expect(broken?.map(({ page, vital }) => `${page} ${vital}`)).toContain('/dashboard LCP')
    expect(new Set(broken?.map(({ page }) => page))).toEqual(new Set(['/dashboard']))
    const lcp = result.evidence.find(
      ({ limit, route, phase }) => limit === 'LCP median' && route === '/dashboard' && phase === 'alone',
    )
    expect(lcp).toMatchObject({ passed: false, wanted: '< 2,500 ms' })
    expect(broken?.find(({ vital }) => vital === 'LCP')?.median).toBeGreaterThan(delay)
    expect(result.verdict).not.toBe('pass')
  })
})
