import { describe, expect, it } from 'vitest'
import { Result } from '../result/result.ts'
import { notWatchedIn, Slice, sliceOf } from './slices.ts'

const of = { pair: 0, side: 'head', turn: 0, seed: 1 } as const
const quiet: Result['machineLoad'] = { foreignCores: 0.02, stolenCores: 0, cores: 2, largest: [] }
const result = (invalidReasons: string[], requests = 400, machineLoad: Result['machineLoad'] = quiet) =>
  ({
    machineLoad,
    totals: { requests, errors: 1, leaks: 0 },
    routes: [],
    generator: Result.shape.generator.parse({
      cpuMsPerRequest: 0.5,
      cpuShareOfCore: 0.2,
      peakRssBytes: null,
      scheduleLagP99Ms: 4,
      activeUsers: 60,
      streams: 0,
      invalidReasons,
    }),
  }) as unknown as Result

describe('a slice', () => {
  it('says nothing where the run itself could not be trusted', () => {
    expect(sliceOf(result([]), of, null, 0).invalidReasons).toEqual([])
    const invalidReasons = ['k6 ended with 107: panic', '1 of 1 VUs did not finish']
    expect(sliceOf(result(invalidReasons), of, null, 0).invalidReasons).toEqual(invalidReasons)
    expect(sliceOf(result([], 19), of, null, 0).invalidReasons).toEqual(['only 19 requests were answered'])
  })

  it('is read as an earlier version wrote it', () => {
    const { invalidReasons, ...slice } = sliceOf(result(['late']), of, null, 0)
    expect(Slice.parse({ ...slice, doubts: invalidReasons }).invalidReasons).toEqual(['late'])
    const { generator } = result([])
    const before = { ...generator, invalidReasons: undefined, doubts: ['late'] }
    expect(Result.shape.generator.parse(before).invalidReasons).toEqual(['late'])
  })

  it('says nothing where others used the machine, so that its pair is played again', () => {
    const load = { ...quiet, foreignCores: 0.8 }
    expect(sliceOf(result([], 400, load), of, null, 0).invalidReasons).toEqual([
      'other processes used 0.8 of 2 cores, allowed 10%',
    ])
  })

  it('counts pages that failed behind a good status as errors, those that the swarm saw once', () => {
    expect(sliceOf(result([]), of, null, 3).errors).toBe(3)
    expect(sliceOf(result([]), of, null, 0).errors).toBe(1)
  })

  it('says nothing where the web did not tell what failed, which is not the same as nothing', () => {
    expect(sliceOf(result([]), of, null, null).invalidReasons).toEqual([
      expect.stringContaining('is not known'),
    ])
  })

  it('has CPU, or it is said that nobody watched it', () => {
    const cpu = { before: { web: 1 }, after: { web: 3 } }
    const [seen, unseen] = [sliceOf(result([]), of, cpu, 0), sliceOf(result([]), of, null, 0)]
    expect(notWatchedIn([seen, unseen])).toEqual([])
    expect(notWatchedIn([unseen])).toEqual([expect.stringMatching(/^CPU of the processes/)])
  })

  it('is said not to know of others where the machine could not be watched', () => {
    const cpu = { before: { web: 1 }, after: { web: 3 } }
    const slice = sliceOf(result([], 400, null), of, cpu, 0)
    expect(slice.invalidReasons).toEqual([])
    expect(notWatchedIn([slice])).toEqual([expect.stringMatching(/^what other processes used/)])
  })
})
