import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { generateClient } from '../app/data/generate.ts'
import { pathsWithoutBudget, problemsOf, routesWithoutBudget } from './check.ts'
import { assertions, desktopAssertions, renderLighthouserc } from './lighthouserc.ts'
import { sloTable } from './readme-table.ts'
import * as slo from './slo.ts'
import { k6Thresholds } from './thresholds.ts'

const web = join(import.meta.dirname, '../app/web/app')

/** The pages of the app as Next finds them: a folder in brackets is no part of the path. */
async function pagesOfTheApp(): Promise<string[]> {
  const files = await readdir(web, { recursive: true })
  const folders = files.filter((file) => /(^|\/)page\.tsx?$/.test(file)).map((file) => dirname(file))
  const paths = folders.map((folder) => {
    const segments = folder.split('/').filter((segment) => segment !== '.' && !/^\(.*\)$/.test(segment))
    return `/${segments.join('/')}`
  })
  // Tools of development are refused in production.
  return paths.filter((path) => !path.startsWith('/dev')).sort()
}

describe('the limits', () => {
  it('make sense', () => {
    expect(problemsOf(slo)).toEqual([])
  })

  it.each([
    [
      'a route slower than the promise',
      { routes: { 'page /a': { kind: 'page', ttfbP95: 900, latencyP95: 900 } } },
      /routes\.page \/a\.ttfbP95: .*800/,
    ],
    [
      'an answer that is whole before it begins',
      { routes: { 'page /a': { kind: 'page', ttfbP95: 800, latencyP95: 700 } } },
      /latencyP95: must not be below ttfbP95/,
    ],
    [
      'a route of another kind than its name',
      { routes: { 'rsc /a': { kind: 'page', ttfbP95: 9, latencyP95: 9 } } },
      /kind: is a rsc/,
    ],
    [
      'a route that is named otherwise',
      { routes: { '/a': { kind: 'page', ttfbP95: 9, latencyP95: 9 } } },
      /named as docs\/seams\.md/,
    ],
    [
      'availability in percent',
      { promises: { ...slo.promises, availability: { target: 99.9, days: 30 } } },
      /availability\.target/,
    ],
    ['an even number of runs', { lighthouse: { ...slo.lighthouse, runs: 4 } }, /runs: must be odd/],
    ['a leak that is allowed', { promises: { ...slo.promises, isolation: { leaks: 1 } } }, /leaks/],
    ['a limit that is not checked', { budgets: {} }, /^budgets: is not checked.* perf-budgets\/check\.ts/m],
    [
      'a limit of a wrong name',
      { lighthouse: { ...slo.lighthouse, scriptByte: 1 } },
      /^lighthouse\.scriptByte: is not checked; correct its name/m,
    ],
    [
      'a wrong name further below',
      { routes: { 'page /a': { kind: 'page', ttfbP95: 9, p95: 9 } } },
      /^routes\.page \/a\.p95: is not checked/m,
    ],
    [
      'a phone without end in its slowness',
      { lighthouse: { ...slo.lighthouse, phoneBenchmarkIndex: 0 } },
      /^lighthouse\.phoneBenchmarkIndex: must be .*125/m,
    ],
    [
      'a phone as fast as a computer',
      { lighthouse: { ...slo.lighthouse, phoneBenchmarkIndex: 1_750 } },
      /^lighthouse\.phoneBenchmarkIndex: must be .*1,200/m,
    ],
    ['a soak that is all warm-up', { soak: { ...slo.soak, warmUp: 0.99 } }, /^soak\.warmUp: must leave/m],
    [
      'a generator that costs nothing',
      { generator: { ...slo.generator, cpuMsPerRequest: 0 } },
      /^generator\.cpuMsPerRequest: /m,
    ],
    [
      'a generator that may use more than makes a run invalid',
      { generator: { ...slo.generator, rssBytes: slo.validity.generatorRssBytes + 1 } },
      /^generator\.rssBytes: must not be above validity\.generatorRssBytes/m,
    ],
    ['a stream that there is not', { streamed: ['GET /v1/nothing'] }, /^streamed\.0: .*routes/m],
    [
      'an exemption of a route that there is not',
      { withoutLoad: { 'trpc me.nothing': 'a reason' } },
      /^withoutLoad\.trpc me\.nothing: .*routes/m,
    ],
    [
      'an exemption without a reason',
      { withoutLoad: { 'trpc me.remove': ' ' } },
      /^withoutLoad\.trpc me\.remove: needs the reason/m,
    ],
    [
      'a page exempt from Lighthouse that there is not',
      { withoutLighthouse: { 'page /nothing': 'a reason' } },
      /^withoutLighthouse\.page \/nothing: .*routes/m,
    ],
    [
      'an exemption from Lighthouse of what is no page',
      { withoutLighthouse: { 'trpc me.get': 'a reason' } },
      /^withoutLighthouse\.trpc me\.get: .*page/m,
    ],
  ])('would be refused with %s', (_what, change, problem) => {
    expect(problemsOf({ ...slo, ...change }).join('\n')).toMatch(problem)
  })
})

describe('every route of Worklane', () => {
  let operations: { name: string; rest: string }[]
  let pages: string[]

  beforeAll(async () => {
    await generateClient()
    const { operationList } = await import('../app/domain/operations.ts')
    const { operatorOperationList } = await import('../app/domain/operators/operations.ts')
    operations = [...operationList, ...operatorOperationList]
    pages = await pagesOfTheApp()
  })

  it('has a budget', () => {
    expect(operations.length).toBeGreaterThan(10)
    expect(pages).toContain('/dashboard')
    expect(routesWithoutBudget({ operations, pages })).toEqual([])
  })

  it('is missed when it has none', () => {
    const {
      'trpc task.move': _trpc,
      'GET /v1/me': _rest,
      'rsc /tasks/[taskId]': _page,
      ...others
    } = slo.routes
    const missing = routesWithoutBudget({ operations, pages: ['/tasks/[taskId]', '/new'] }, others)
    expect(missing.sort()).toEqual([
      'GET /v1/me',
      'page /new',
      'rsc /new',
      'rsc /tasks/[taskId]',
      'trpc task.move',
    ])
  })

  it('is missed when Next answers it and nobody knows', () => {
    expect(pathsWithoutBudget(['/tasks', '/healthz', '/api/export', '/new'])).toEqual(['/api/export', '/new'])
  })

  it('has none that the app does not answer', () => {
    const known = new Set([
      ...operations.flatMap(({ name, rest }) => [rest, `trpc ${name}`]),
      ...pages.flatMap((page) => [`page ${page}`, `rsc ${page}`]),
      // The live updates of a board are no operation: they are a stream.
      ...['static', 'page /', 'GET /v1/projects/:projectId/events', 'file upload', 'file download'],
    ])
    expect(Object.keys(slo.routes).filter((name) => !known.has(name))).toEqual([])
  })
})

describe('what is derived from the limits', () => {
  it('holds Lighthouse to the middle of the runs, never to the best, and asserts the server by itself', () => {
    const methods = Object.values(assertions).map(([, { aggregationMethod }]) => aggregationMethod)
    expect(new Set(methods)).toEqual(new Set(['median', 'pessimistic']))
    expect(assertions['categories:performance'][1]).toMatchObject({ minScore: 0.95 })
    expect(desktopAssertions['categories:performance'][1]).toMatchObject({ minScore: 1 })
    expect(assertions['cumulative-layout-shift'][1]).toMatchObject({ aggregationMethod: 'pessimistic' })
    expect(assertions['server-response-time'][1]).toMatchObject({ maxNumericValue: 800 })
    expect(JSON.parse(renderLighthouserc()).ci.collect.numberOfRuns).toBe(slo.lighthouse.runs)
  })

  it('gives k6 a threshold for every route', () => {
    const thresholds = k6Thresholds()
    for (const [name, { ttfbP95 }] of Object.entries(slo.routes)) {
      expect(thresholds[`http_req_waiting{name:${name},phase:steady}`], name).toEqual([`p(95)<${ttfbP95}`])
    }
  })

  it('says the promises in words', () => {
    expect(sloTable()).toContain('| Availability | 99.9% over 30 days |')
    expect(sloTable()).toContain('| · REST | < 300 to 600 ms, by route |')
  })
})
