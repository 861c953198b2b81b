import { defaultPopulation } from '@headroom/fixtures/population.ts'
import { routesPlayed } from '@headroom/loadtests/journeys/coverage.ts'
import { tour } from '@headroom/loadtests/journeys/tour.ts'
import { worklane } from '@headroom/loadtests/journeys/worklane.ts'
import { type Lack, lackable } from '@headroom/loadtests/wire/lacks.ts'
import { type Stage, workloads } from '@headroom/loadtests/wire/workloads.ts'
import { pagesWithoutLighthouse, routesWithoutLoad } from '@headroom/perf-budgets/check.ts'
import { routes, withoutLighthouse, withoutLoad } from '@headroom/perf-budgets/slo.ts'
import { describe, expect, it } from 'vitest'
import { pageNames } from '../lighthouse/pages.ts'
import { routesWithout } from '../plan/lacks.ts'

const run = {
  ...workloads.routes,
  target: 'http://127.0.0.1:1',
  authorization: '',
  sessionSecret: 'x',
  population: defaultPopulation,
  collector: '',
  collectorToken: '',
  seed: 1,
  without: [],
  stages: [] as Stage[],
  vus: 1,
  connections: 1,
}
const onTour = routesPlayed(tour, run)
const played = new Set([...onTour, ...routesPlayed(worklane, run)])

describe('every route of Worklane', () => {
  it('is asked by a load test, or says why not', () => {
    expect(routesWithoutLoad(played)).toEqual([])
  })

  it('is missed when no load test asks it', () => {
    const without = new Set([...played].filter((name) => name !== 'trpc label.update'))
    expect(routesWithoutLoad(without, { ...routes, 'page /new': {} })).toEqual([
      'trpc label.update',
      'page /new',
    ])
  })

  it('has no reason to be left out when it is asked', () => {
    expect(Object.keys(withoutLoad).filter((name) => played.has(name))).toEqual([])
  })

  it('is asked on the tour, but for a stream that the journeys hold open', () => {
    expect([...played].filter((name) => !onTour.has(name))).toEqual(['GET /v1/projects/:projectId/events'])
  })

  it('is not asked on the tour of a target that is without what it needs', () => {
    const left = (...without: Lack[]) => {
      const asked = routesPlayed(tour, { ...run, without })
      return [...onTour].filter((name) => !asked.has(name)).sort()
    }
    expect(left()).toEqual([])
    for (const lack of lackable) expect(left(lack)).toEqual(routesWithout(lack).sort())
    expect(left('files')).toContain('trpc upload.create')
    expect(left('subscriptions')).toContain('GET /v1/billing/preview')
  })

  it('has a limit when it is asked', () => {
    expect([...played].filter((name) => !Object.hasOwn(routes, name))).toEqual([])
  })
})

describe('every page of Worklane', () => {
  it('is audited by Lighthouse, or says why not', () => {
    expect(pagesWithoutLighthouse(pageNames)).toEqual([])
  })

  it('is missed when it is not audited', () => {
    const without = pageNames.filter((name) => name !== '/reports')
    expect(pagesWithoutLighthouse(without, { ...routes, 'page /new': {} })).toEqual([
      'page /reports',
      'page /new',
    ])
  })

  it('has no reason to be left out when it is audited', () => {
    const audited = pageNames.map((name): string => `page ${name}`)
    expect(Object.keys(withoutLighthouse).filter((name) => audited.includes(name))).toEqual([])
  })
})
