import { describe, expect, it } from 'vitest'
import type { Evidence } from '../result/evidence.ts'
import type { MachineLoad, RouteResult } from '../result/result.ts'
import { disturbancesOf, trusted } from './machine.ts'

const quiet: MachineLoad = { foreignCores: 0.05, stolenCores: 0, cores: 2, largest: [] }
const busy: MachineLoad = {
  foreignCores: 0.8,
  stolenCores: 0,
  cores: 2,
  largest: [
    { name: 'python3', cores: 0.75 },
    { name: 'sshd', cores: 0.01 },
  ],
}

describe('a machine that others use', () => {
  it('says how much they used, and which of them most', () => {
    expect(disturbancesOf(busy)).toEqual(['other processes used 0.8 of 2 cores (python3 0.8), allowed 10%'])
    expect(disturbancesOf({ ...quiet, stolenCores: 0.3 })).toEqual([
      'other machines took 0.3 of 2 cores (steal time), allowed 5%',
    ])
  })

  it('is quiet below the limits, and says nothing where it was not watched', () => {
    expect(disturbancesOf(quiet)).toEqual([])
    expect(disturbancesOf({ ...quiet, stolenCores: null })).toEqual([])
    expect(disturbancesOf(null)).toEqual([])
  })
})

const route = (errors: RouteResult['errors'] = {}): RouteResult => ({
  route: 'GET /v1/me',
  phase: 'steady',
  count: 500,
  p50: 20,
  p95: 900,
  p99: 1_000,
  ttfbP95: 900,
  latencyLimit: 600,
  over: { ttfb: 0, latency: 0 },
  ttfbLimit: 300,
  errors,
  passed: false,
})
const late: Evidence = {
  limit: 'TTFB p95',
  where: { route: 'GET /v1/me' },
  operator: '<',
  expected: 300,
  actual: 900,
  unit: 'ms',
  samples: 500,
  passed: false,
}
type Found = Parameters<typeof trusted>[0]
const found = (change: Partial<Found> = {}): Found => ({
  verdict: 'fail',
  reasons: ['late'],
  evidence: [late],
  routes: [route()],
  ...change,
})
const nothing = { facts: false, missing: [], disturbances: [] }
const disturbed = { ...nothing, disturbances: ['other processes used 0.8 of 2 cores'] }

describe('a verdict on a disturbed machine', () => {
  it('is invalid where times broke a limit, and says of both', () => {
    expect(trusted(found(), disturbed)).toEqual({
      verdict: 'invalid',
      reasons: ['other processes used 0.8 of 2 cores', 'late'],
    })
  })

  it('is invalid where requests only timed out', () => {
    expect(trusted(found({ routes: [route({ timeout: 90 })] }), disturbed).verdict).toBe('invalid')
  })

  it('stays fail where the target’s own answers were wrong, something crashed or leaked, or memory rose', () => {
    expect(trusted(found({ routes: [route({ '5xx': 90 })] }), disturbed).verdict).toBe('fail')
    expect(trusted(found(), { ...disturbed, facts: true }).verdict).toBe('fail')
    const memory: Evidence = { ...late, limit: 'resident memory of web', isTimeless: true }
    expect(trusted(found({ evidence: [memory] }), disturbed).verdict).toBe('fail')
  })

  it('stays pass, and stays fail where nothing disturbed', () => {
    expect(trusted(found({ verdict: 'pass', reasons: [] }), disturbed).verdict).toBe('pass')
    expect(trusted(found(), nothing)).toEqual({ verdict: 'fail', reasons: ['late'] })
  })
})

describe('a verdict without evidence that it stands on', () => {
  const missing = { ...nothing, missing: ['failed pages is missing'] }

  it('is invalid where it would be pass, or fail for times', () => {
    expect(trusted(found({ verdict: 'pass', reasons: [] }), missing).verdict).toBe('invalid')
    expect(trusted(found(), missing).verdict).toBe('invalid')
  })

  it('stays fail where the target’s own answers were wrong', () => {
    expect(trusted(found({ routes: [route({ '4xx': 90 })] }), missing).verdict).toBe('fail')
  })
})
