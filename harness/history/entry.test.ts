import { journeyWorkload } from '@headroom/loadtests/wire/workloads.ts'
import { lighthouse } from '@headroom/perf-budgets/slo.ts'
import { describe, expect, it } from 'vitest'
import { planOf } from '../plan/plan.ts'
import { type Plan, scenarioNames } from '../plan/scenarios.ts'
import { nothingObserved, type Result } from '../result/result.ts'
import { unusual } from './asked.ts'
import { entryOfLighthouse, entryOfResult, LighthouseFile } from './entry.ts'

const usual = { seed: 1, shards: 1 }
const machine = { cores: 2, memoryBytes: 8 * 1024 ** 3, platform: 'linux', node: 'v24.0.0' }
const part = { cores: 0.5, rssBytes: 1e8, eventLoopLagP99Ms: 5, poolWaiting: 0 }

/** Of our own stack, as far as a history reads it. */
const resultOf = (plan: Plan, change: Partial<Result> = {}) =>
  ({
    version: 1,
    run: 'run',
    scenario: plan.scenario,
    startedAt: '2026-01-01T00:00:00.000Z',
    revision: 'r1',
    machine,
    target: 'http://127.0.0.1:34185',
    verdict: 'pass',
    workload: workloadOf(plan),
    routes: [{ route: 'page /', phase: 'steady', ttfbP95: 80 }],
    generator: { cpuMsPerRequest: 0.4 },
    machineLoad: null,
    observed: { ...nothingObserved, machineCpuShare: 0.5, parts: { web: part, api: part, edge: part } },
    ...change,
  }) as unknown as Result

const workloadOf = (plan: Plan, change: Partial<Result['workload']> = {}): Result['workload'] => ({
  users: plan.users,
  thinkMs: plan.think,
  rampMs: plan.ramp,
  durationMs: plan.duration,
  seed: plan.seed,
  population: plan.population,
  tenants: 50,
  shards: plan.shards,
  faults: [],
  ...change,
})

const capacity: Result['capacity'] = {
  lastPass: 3_150,
  firstFail: 3_550,
  confirmations: 3,
  brokenBy: [],
  limiting: null,
  probes: [],
  law: null,
}

/** What its series says of how it was asked for. */
const asked = (result: Result) => unusual(result.scenario, entryOfResult(result)?.asked ?? {})

describe('of a load test', () => {
  it('is kept what it measured, and nothing when it is invalid', async () => {
    const plan = await planOf('load', usual)
    expect(entryOfResult(resultOf(plan))).toMatchObject({
      run: 'run',
      scenario: 'load',
      machine: 'linux, 2 cores, 8 GiB',
      metrics: { 'TTFB p95 of page /, ms': 80, "generator's CPU a request, ms": 0.4 },
    })
    expect(entryOfResult(resultOf(plan, { verdict: 'invalid' }))).toBeNull()
  })

  it('nothing is kept when others used its machine, but of how many users held all the same', async () => {
    const machineLoad = { foreignCores: 0.8, stolenCores: 0, cores: 2, largest: [] }
    expect(entryOfResult(resultOf(await planOf('load', usual), { machineLoad }))).toBeNull()
    expect(entryOfResult(resultOf(await planOf('capacity', usual), { machineLoad, capacity }))).not.toBeNull()
  })

  it.each(['load', 'capacity'])('%s, nothing is kept when it was broken on purpose', async (scenario) => {
    const plan = await planOf(scenario, usual)
    const workload = workloadOf(plan, { faults: ['slow=50'] })
    const search = scenario === 'capacity' ? { capacity } : {}
    expect(entryOfResult(resultOf(plan, { workload, ...search }))).toBeNull()
  })

  it.each(scenarioNames)('%s, the defaults are nothing unusual', async (scenario) => {
    expect(asked(resultOf(await planOf(scenario, usual)))).toBe('')
  })

  it('every option is told that changes what is played', async () => {
    const options = { users: 200, think: 1_500, ramp: 5_000, duration: 60_000, seed: 7, shards: 2 }
    const plan = await planOf('load', { ...options, organisations: 10, population: 400 })
    expect(asked(resultOf(plan))).toBe(
      ' --duration 60s --organisations 10 --population 400 --ramp 5s --seed 7 --shards 2 --think 1.5s --users 200',
    )
  })

  it('a target is told that is not our own stack, and how many processes that has', async () => {
    const plan = await planOf('load', usual)
    const staging = { target: 'https://staging.example.com', observed: nothingObserved }
    expect(asked(resultOf(plan, staging))).toBe(' --target https://staging.example.com')
    const parts = { 'web-1': part, 'web-2': part, api: part }
    expect(asked(resultOf(plan, { observed: { ...nothingObserved, machineCpuShare: 0.5, parts } }))).toBe(
      ' --web 2',
    )
  })

  it('a search for capacity is the same whatever it found', async () => {
    const plan = await planOf('capacity', usual)
    const workload = workloadOf(plan, { users: 1_600, durationMs: 112_500 })
    const result = resultOf(plan, { workload, capacity })
    expect(asked(result)).toBe('')
    expect(entryOfResult(result)?.metrics).toEqual({ 'users carried': 3_150 })
  })

  it('a journey is told apart by its target, and says nothing of a population', async () => {
    const plan = { ...(await planOf('smoke', usual)), ...journeyWorkload }
    const journey = {
      scenario: 'shop',
      target: 'https://shop.example.com',
      observed: nothingObserved,
      workload: workloadOf(
        { ...plan, population: { seed: 1, organisations: 1, users: 100 } },
        { tenants: null },
      ),
    }
    expect(asked(resultOf(plan, journey))).toBe(' --target https://shop.example.com')
  })
})

describe('of an audit', () => {
  const written = {
    run: 'run',
    startedAt: '2026-01-01T00:00:00.000Z',
    revision: 'r1',
    machine,
    verdict: 'fail',
    runs: lighthouse.runs,
    forms: [
      {
        formFactor: 'mobile',
        pages: [{ name: '/', measures: { 'largest-contentful-paint': { actual: 1_400 } } }],
      },
    ],
  }
  const entryOf = (change: Record<string, unknown>) =>
    entryOfLighthouse(LighthouseFile.parse({ ...written, ...change }))

  it('is kept what it measured, also from before faults were written', () => {
    expect(entryOf({})?.metrics).toEqual({ 'LCP of / (mobile), ms': 1_400 })
    expect(entryOf({ faults: [] })?.metrics).toEqual({ 'LCP of / (mobile), ms': 1_400 })
  })

  it('is kept nothing when something broke in it, on purpose or not, or it is invalid', () => {
    expect(entryOf({ faults: ['uncompressed'] })).toBeNull()
    expect(entryOf({ verdict: 'fail', crashed: 'api ended during the audit' })).toBeNull()
    expect(entryOf({ verdict: 'invalid' })).toBeNull()
    expect(entryOf({ notes: ['other processes used 0.8 of 2 cores'] })).toBeNull()
  })

  it('other runs of each page are told', () => {
    expect(unusual('lighthouse', entryOf({})?.asked ?? {})).toBe('')
    expect(unusual('lighthouse', entryOf({ runs: 1 })?.asked ?? {})).toBe(' --runs 1')
  })
})
