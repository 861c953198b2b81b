import { defaultPopulation, organisationAt, taskAt, taskCount } from '@headroom/fixtures/population.ts'
import { describe, expect, it } from 'vitest'
import { Result } from '../judge/result.ts'
import { fullestTaskOf } from '../lighthouse/pages.ts'
import { assertAlike, GateInvalid } from './sides.ts'
import { sliceOf } from './slices.ts'

const of = { pair: 0, side: 'head', turn: 0, seed: 1 } as const
const result = (doubts: string[], requests = 400) =>
  ({
    totals: { requests, errors: 1, leaks: 0 },
    routes: [],
    generator: Result.shape.generator.parse({
      ...{ cpuMsPerRequest: 0.5, cpuShareOfCore: 0.2, peakRssBytes: null, scheduleLagP99Ms: 4 },
      ...{ activeUsers: 60, streams: 0, doubts },
    }),
  }) as unknown as Result

describe('a slice', () => {
  it('says nothing where the run itself could not be trusted', () => {
    expect(sliceOf(result([]), of, null, 0).doubts).toEqual([])
    const doubts = ['k6 ended with 107: panic', '1 of 1 VUs did not finish']
    expect(sliceOf(result(doubts), of, null, 0).doubts).toEqual(doubts)
    expect(sliceOf(result([], 19), of, null, 0).doubts).toEqual(['only 19 requests were answered'])
  })

  it('counts pages that failed behind a good status as errors', () => {
    expect(sliceOf(result([]), of, null, 3).errors).toBe(4)
  })
})

describe('the two sides', () => {
  it('are alike when both are as near, and nothing is compared when one is not', () => {
    for (const [base, head] of [
      [0.1, 1.9],
      [40, 55],
    ] as const)
      expect(() => assertAlike(base, head)).not.toThrow()
    expect(() => assertAlike(30, 1)).toThrow(
      new GateInvalid('base is 30.0 ms away and head 1.0 ms: run the gate where both are as near'),
    )
  })

  it('are asked for a task that has comments and labels to ask the database for, in every tenant', () => {
    for (let index = 0; index < defaultPopulation.organisations; index++) {
      const tenant = organisationAt(defaultPopulation, index)
      const id = fullestTaskOf(defaultPopulation, index)
      const tasks = Array.from({ length: tenant.projects }, (_, project) =>
        Array.from({ length: taskCount(defaultPopulation, index, project) }, (_, task) =>
          taskAt(defaultPopulation, tenant, project, task),
        ),
      ).flat()
      const task = tasks.find((each) => each.id === id)
      const rows = Math.min(task?.comments ?? 0, task?.labels.length ?? 0)
      expect(rows, `organisation ${index}`).toBeGreaterThan(0)
    }
  })
})
